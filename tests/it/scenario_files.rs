//! The reader of scenario files: what is shared, and what is wrong where.

use crate::support::scenario::{Verdict, blessed, read};

/// A file that shares a policy and a repository.
const FILE: &str = "\
# rule

```toml policy
one = 1
```

```repo
A
```

## refuses one

```push
x
```

```expect
```

## accepts two

```toml policy more
two = 2
```

```push
y
```

```expect exit=0
text
```

# another title

```repo
B
```

## cannot decide three

```toml policy
three = 3
```

```repo more
C
```

```push
z
```

```expect exit=4
```
";

#[test]
fn a_scenario_has_what_its_titles_share_and_may_add_to_it_or_replace_it() {
    let scenarios = read("rule.md", FILE).unwrap();
    let seen: Vec<(Verdict, &str, &str)> =
        scenarios.iter().map(|one| (one.verdict, one.policy.as_str(), one.repo.as_str())).collect();
    assert_eq!(
        seen,
        [
            (Verdict::Refuses, "one = 1\n", "A\n"),
            (Verdict::Accepts, "one = 1\n\ntwo = 2\n", "A\n"),
            (Verdict::CannotDecide, "three = 3\n", "B\n\nC\n"),
        ]
    );
    // The second title has the first one's policy where it gives none of its own.
    let inherited = FILE.replace("```toml policy\nthree = 3\n```\n", "");
    assert_eq!(read("rule.md", &inherited).unwrap()[2].policy, "one = 1\n");
}

#[test]
fn empty_blocks_are_filled_and_the_rest_of_the_file_stays() {
    let scenarios = read("rule.md", FILE).unwrap();
    assert_eq!(scenarios[0].expect.exit, None);
    assert_eq!((scenarios[1].expect.exit, scenarios[1].expect.text.as_str()), (Some(0), "text\n"));
    let outcomes = [(0, 1, "new\nlines\n"), (1, 0, ""), (2, 4, "")]
        .map(|(at, exit, text): (usize, i32, &str)| (scenarios[at].expect.lines.clone(), exit, text.to_owned()));
    let expected = FILE.replace("```expect\n```", "```expect exit=1\nnew\nlines\n```").replace("text\n```", "```");
    assert_eq!(blessed(FILE, outcomes.to_vec()), expected);
}

#[test]
fn what_is_wrong_is_said_with_file_and_line() {
    let wrong = |old: &str, new: &str| read("rule.md", &FILE.replacen(old, new, 1)).unwrap_err();
    assert!(wrong("```push", "```pusch").starts_with("rule.md:13: a block `pusch` has no meaning in a case"));
    assert!(wrong("```repo", "```push").starts_with("rule.md:7: a block `push` has no meaning above the first"));
    assert!(wrong("exit=0", "exit=none").starts_with("rule.md:30: `none` is not a number"));
    assert!(wrong("## refuses", "## rejects").starts_with("rule.md:11: the title `rejects one` starts with none of"));
    assert_eq!(wrong("```expect\n```\n", ""), "rule.md:11: `refuses one` has no `expect` block");
    assert_eq!(wrong("```repo\nA\n```\n", ""), "rule.md:8: `refuses one` has no `repo` block");
    assert_eq!(wrong("```toml policy\n", "```toml policy more\n"), "rule.md:3: there is nothing to add this to");
    assert_eq!(wrong("exit=4\n```", "exit=4\n"), "rule.md:54: the block that starts here has no end");
}
