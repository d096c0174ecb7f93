//! Sorts by an order that may have no answer for a pair.

use std::cmp::Ordering;

/// Sorts by an order that can fail; what compares as equal stays in the order it had.
///
/// The standard sorts want an answer for every pair, and may panic where the answers contradict each other. This one
/// stops at the first pair without an answer, and any answers give some order.
///
/// # Errors
/// The error of that pair. The items are then left as they were. Not every pair is compared: the error of a pair whose
/// order follows from other pairs does not show.
pub fn sort_by<T, E>(items: &mut [T], order: impl Fn(&T, &T) -> Result<Ordering, E>) -> Result<(), E> {
    let mut sorted: Vec<usize> = (0..items.len()).collect();
    let by_place = |left: usize, right: usize| match (items.get(left), items.get(right)) {
        (Some(left), Some(right)) => order(left, right),
        _ => Ok(Ordering::Equal),
    };
    merge_sort(&mut sorted, &by_place)?;
    // Where each item goes. Swapping it there takes one step an item, however long the cycles are.
    let mut goes_to = vec![0; items.len()];
    for (to, from) in sorted.into_iter().enumerate() {
        if let Some(place) = goes_to.get_mut(from) {
            *place = to;
        }
    }
    for at in 0..items.len() {
        while let Some(to) = goes_to.get(at).copied().filter(|to| *to != at) {
            items.swap(at, to);
            goes_to.swap(at, to);
        }
    }
    Ok(())
}

/// Returns the number of items for which a question is answered "yes", all of which come first.
///
/// # Errors
/// That of an answer.
pub(crate) fn partition_point<T, E>(items: &[T], is_before: impl Fn(&T) -> Result<bool, E>) -> Result<usize, E> {
    let (mut low, mut high) = (0, items.len());
    while low < high {
        let middle = low + (high - low) / 2;
        match items.get(middle) {
            Some(item) if is_before(item)? => low = middle + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}

fn merge_sort<E>(places: &mut [usize], order: &impl Fn(usize, usize) -> Result<Ordering, E>) -> Result<(), E> {
    if places.len() < 2 {
        return Ok(());
    }
    let (left, right) = places.split_at_mut(places.len() / 2);
    merge_sort(left, order)?;
    merge_sort(right, order)?;
    let merged = merge(left, right, order)?;
    places.copy_from_slice(&merged);
    Ok(())
}

fn merge<E>(
    mut left: &[usize],
    mut right: &[usize],
    order: &impl Fn(usize, usize) -> Result<Ordering, E>,
) -> Result<Vec<usize>, E> {
    let mut merged = Vec::with_capacity(left.len() + right.len());
    while let ([first, rest @ ..], [second, others @ ..]) = (left, right) {
        if order(*first, *second)?.is_gt() {
            merged.push(*second);
            right = others;
        } else {
            merged.push(*first);
            left = rest;
        }
    }
    merged.extend_from_slice(left);
    merged.extend_from_slice(right);
    Ok(merged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_as_the_standard_finds_it() {
        for items in [&[][..], &[1], &[1, 2, 2, 2, 5, 9]] {
            for wanted in 0..11 {
                let own = partition_point(items, |item| Ok::<_, ()>(*item < wanted));
                assert_eq!(own, Ok(items.partition_point(|item| *item < wanted)));
            }
        }
        assert_eq!(partition_point(&[1], |_| Err::<bool, _>("no answer")), Err("no answer"));
    }
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_sorts_as_the_standard_sort_does(numbers in proptest::collection::vec(0_u8..20, 0..200)) {
            // The second part distinguishes equal items.
            let items: Vec<(u8, usize)> = numbers.iter().copied().zip(0..).collect();
            let (mut ours, mut theirs) = (items.clone(), items);
            sort_by(&mut ours, |a, b| Ok::<_, ()>(a.0.cmp(&b.0))).unwrap();
            theirs.sort_by_key(|item| item.0);
            prop_assert_eq!(ours, theirs);
        }

        #[test]
        fn answers_that_contradict_each_other_lose_nothing(numbers in proptest::collection::vec(any::<u16>(), 0..200)) {
            let mut items = numbers.clone();
            sort_by(&mut items, |a, b| Ok::<_, ()>((a ^ b).trailing_zeros().cmp(&3))).unwrap();
            let sorted = |mut items: Vec<u16>| { items.sort_unstable(); items };
            prop_assert_eq!(sorted(items), sorted(numbers));
        }

        #[test]
        fn without_an_answer_nothing_moves(numbers in proptest::collection::vec(0_u8..20, 2..100), odd in 0_usize..100) {
            let mut items = numbers.clone();
            let odd = odd % items.len();
            items[odd] = 99;
            let before = items.clone();
            let order = |a: &u8, b: &u8| if *a == 99 || *b == 99 { Err((*a, *b)) } else { Ok(a.cmp(b)) };
            let error = sort_by(&mut items, order).unwrap_err();
            prop_assert!(error.0 == 99 || error.1 == 99);
            prop_assert_eq!(items, before);
        }
    }

    #[test]
    fn it_stops_at_the_first_pair_without_an_answer() {
        let asked = std::cell::Cell::new(0);
        let order = |_: &u8, _: &u8| {
            asked.set(asked.get() + 1);
            Err::<Ordering, _>(asked.get())
        };
        assert_eq!(sort_by(&mut [3, 2, 1], order), Err(1));
    }

    #[test]
    fn it_takes_no_more_comparisons_than_a_sort_needs() {
        let asked = std::cell::Cell::new(0_usize);
        let mut items: Vec<usize> = (0..4096).map(|at| at * 2_654_435_761 % 4096).collect();
        sort_by(&mut items, |a, b| {
            asked.set(asked.get() + 1);
            Ok::<_, ()>(a.cmp(b))
        })
        .unwrap();
        assert!(items.is_sorted());
        assert!(asked.get() <= 4096 * 12, "{} comparisons", asked.get());
    }
}
