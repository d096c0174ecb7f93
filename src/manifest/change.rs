//! What happened to the version fields of a manifest between two trees.
//!
//! Fields are compared by value, never by line: quoting, order and formatting do not count, and a lock file full of
//! changed dependencies causes no report.

use std::collections::BTreeMap;

use super::source::step;
use super::{Field, Value};

/// What became of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// One literal for another: a hand edit, unless a release did it.
    Edited,
    /// A literal where the version was computed: a hand edit that also ends the computing.
    Hardcoded,
    /// A computed version where a literal was.
    Computed,
    /// Computed before and after, in other words.
    Recomputed,
    /// To, from or between placeholders such as `0.0.0` or `1.2-SNAPSHOT`; see [`Value::is_placeholder`].
    Placeholder,
    /// The field is new.
    Added,
    /// The field is gone.
    Removed,
}

/// One field that says something else than before; a side that is `None` has no such field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldChange<'a> {
    /// What became of it.
    pub change: Change,
    /// The field in the old tree.
    pub old: Option<&'a Field>,
    /// The field in the new tree, after its place among that tree's fields.
    pub new: Option<(usize, &'a Field)>,
}

/// Compares the fields of one manifest in two trees.
///
/// Fields of one name are paired by equal value first, then by order. A manifest with a single field on each side has
/// that pair whatever the names are: moving `tool.poetry.version` to `project.version` must not hide an edit, and is
/// not one itself.
pub(crate) fn compare<'a>(old: &'a [Field], new: &'a [Field]) -> Vec<FieldChange<'a>> {
    if let ([old], [new]) = (old, new) {
        return change(Some(old), Some((0, new))).into_iter().collect();
    }
    let mut names: BTreeMap<&str, (Vec<&Field>, Vec<Placed<'_>>)> = BTreeMap::new();
    for field in old {
        step();
        names.entry(&field.name).or_default().0.push(field);
    }
    for placed in new.iter().enumerate() {
        step();
        names.entry(&placed.1.name).or_default().1.push(placed);
    }
    let mut changes = Vec::new();
    for (old, new) in names.into_values() {
        let (old, new) = unequal(&old, &new);
        for at in 0..old.len().max(new.len()) {
            changes.extend(change(old.get(at).copied(), new.get(at).copied()));
        }
    }
    changes
}

/// A field after its place in the list.
type Placed<'a> = (usize, &'a Field);

/// Takes away the pairs that say the same, however they are ordered.
fn unequal<'a>(old: &[&'a Field], new: &[Placed<'a>]) -> (Vec<&'a Field>, Vec<Placed<'a>>) {
    let mut counts: BTreeMap<(bool, &str), usize> = BTreeMap::new();
    let key = |field: &'a Field| match &field.value {
        Value::Literal(text) => (true, text.as_str()),
        Value::Dynamic(text) => (false, text.as_str()),
    };
    for field in old {
        *counts.entry(key(field)).or_default() += 1;
    }
    let mut same = BTreeMap::new();
    let rest_of_new = new
        .iter()
        .filter(|(_, field)| match counts.get_mut(&key(field)) {
            Some(count @ 1..) => {
                *count -= 1;
                *same.entry(key(field)).or_insert(0usize) += 1;
                false
            }
            _ => true,
        })
        .copied()
        .collect();
    let rest_of_old = old
        .iter()
        .filter(|field| match same.get_mut(&key(field)) {
            Some(count @ 1..) => {
                *count -= 1;
                false
            }
            _ => true,
        })
        .copied()
        .collect();
    (rest_of_old, rest_of_new)
}

fn change<'a>(old: Option<&'a Field>, new: Option<Placed<'a>>) -> Option<FieldChange<'a>> {
    let change = match (old, new.map(|(_, field)| field)) {
        (None, None) => return None,
        (None, Some(_)) => Change::Added,
        (Some(_), None) => Change::Removed,
        (Some(old), Some(new)) if old.value == new.value => return None,
        (Some(old), Some(new)) if old.value.is_placeholder() || new.value.is_placeholder() => Change::Placeholder,
        (Some(old), Some(new)) => match (&old.value, &new.value) {
            (Value::Literal(_), Value::Literal(_)) => Change::Edited,
            (Value::Literal(_), Value::Dynamic(_)) => Change::Computed,
            (Value::Dynamic(_), Value::Literal(_)) => Change::Hardcoded,
            (Value::Dynamic(_), Value::Dynamic(_)) => Change::Recomputed,
        },
    };
    Some(FieldChange { change, old, new })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn field(name: &str, text: &str) -> Field {
        Field::new(name, text, 0..0)
    }

    fn changes(old: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<Change> {
        let fields = |list: &[(&str, &str)]| list.iter().map(|(name, text)| field(name, text)).collect::<Vec<_>>();
        compare(&fields(old), &fields(new)).iter().map(|change| change.change).collect()
    }

    #[test]
    fn each_kind_of_change_has_its_name() {
        for (old, new, expected) in [
            ("1.2", "1.3", Some(Change::Edited)),
            ("1.2", "${v}", Some(Change::Computed)),
            ("${v}", "1.2", Some(Change::Hardcoded)),
            ("${v}", "${w}", Some(Change::Recomputed)),
            ("${v}", "0.0.0", Some(Change::Placeholder)),
            ("v2.44.0", "v2.44.GIT", Some(Change::Placeholder)),
            ("1.2-SNAPSHOT", "1.3", Some(Change::Placeholder)),
            ("1.2", "@VERSION@", Some(Change::Placeholder)),
            ("1.2", "1.2", None),
        ] {
            assert_eq!(changes(&[("v", old)], &[("v", new)]), Vec::from_iter(expected), "{old} -> {new}");
        }
        assert_eq!(changes(&[], &[("v", "1")]), [Change::Added]);
        assert_eq!(changes(&[("v", "1")], &[]), [Change::Removed]);
    }

    #[test]
    fn a_field_that_moves_is_judged_by_what_it_says() {
        assert_eq!(changes(&[("tool.poetry.version", "1.0")], &[("project.version", "1.0")]), []);
        assert_eq!(changes(&[("tool.poetry.version", "1.0")], &[("project.version", "1.1")]), [Change::Edited]);
        assert_eq!(changes(&[("a", "1"), ("b", "1")], &[("c", "1"), ("b", "1")]), [Change::Removed, Change::Added]);
    }

    #[test]
    fn fields_of_one_name_are_paired_by_value_first() {
        assert_eq!(changes(&[("v", "1"), ("v", "2")], &[("v", "2"), ("v", "1")]), []);
        assert_eq!(changes(&[("v", "1"), ("v", "2")], &[("v", "0.1"), ("v", "1"), ("v", "2")]), [Change::Added]);
        assert_eq!(changes(&[("v", "1"), ("v", "2")], &[("v", "1"), ("v", "3")]), [Change::Edited]);
    }

    proptest! {
        #[test]
        fn order_is_no_change(texts in proptest::collection::vec("[12]", 2..6), turn in 0usize..6) {
            let old: Vec<_> = texts.iter().map(|text| field("v", text)).collect();
            let mut new = old.clone();
            new.rotate_left(turn % old.len());
            prop_assert_eq!(compare(&old, &new), []);
        }
    }
}
