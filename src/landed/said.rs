//! Reads what a message says about its change besides the original that it names: what it reverts, which pull request
//! and which Gerrit change it is, and that it belongs to its own line. Nothing else reads these.

use bstr::{BStr, BString, ByteSlice as _};
use serde::{Deserialize, Serialize};

use super::named::{MAX_NAMED, MIN_DIGITS, Prefix};
use super::titles;
use crate::git::Commit;

/// The trailer by which a change says that it is meant for its own line alone, unless a policy names another.
pub(super) const RELEASE_ONLY: &str = "Release-Only";

/// What a message says that its change reverts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TakesBack {
    /// Commits by their ids, possibly abbreviated: git's own `This reverts commit ID`.
    pub(super) ids: Vec<Prefix>,
    /// A commit by its title without the marks of a backport: the `Revert "title"` of a forge, or `Reapply "title"`,
    /// which reverts `Revert "title"`.
    pub(super) title: Option<BString>,
}

impl TakesBack {
    /// Reads a commit's message.
    pub(crate) fn of(commit: &Commit) -> Self {
        Self::read(key_of(commit).as_bstr(), commit.body())
    }

    /// Reads a message with this title, normalised.
    pub(super) fn read(key: &BStr, body: &[u8]) -> Self {
        Self { ids: reverted_ids(body), title: quoted_title(key) }
    }

    /// Returns whether it takes nothing back.
    pub(crate) fn is_nothing(&self) -> bool {
        self.ids.is_empty() && self.title.is_none()
    }

    /// Returns the commits that it names by their ids, possibly abbreviated.
    pub(crate) fn ids(&self) -> &[Prefix] {
        &self.ids
    }

    /// Returns whether it could name the commit with this id and title.
    pub(crate) fn may_name(&self, id: &[u8], title: &BStr) -> bool {
        self.ids.iter().any(|prefix| id.starts_with(prefix)) || self.title.as_ref().is_some_and(|own| own == title)
    }

    /// Returns what is reverted: what the ids stand for, or else, since a revert that was picked or rebased names
    /// commits of another line, what has the title.
    ///
    /// # Errors
    /// What the two searches give.
    pub(crate) fn targets<T, E>(
        &self,
        by_id: impl Fn(&Prefix) -> Result<Option<T>, E>,
        by_title: impl FnOnce(&BStr) -> Result<Option<T>, E>,
    ) -> Result<Vec<T>, E> {
        let mut targets = Vec::new();
        for prefix in &self.ids {
            targets.extend(by_id(prefix)?);
        }
        if let (Some(title), true) = (&self.title, targets.is_empty()) {
            targets.extend(by_title(title.as_bstr())?);
        }
        Ok(targets)
    }
}

/// Returns the title of a commit as titles are compared.
pub(crate) fn key_of(commit: &Commit) -> BString {
    titles::key(commit)
}

/// Returns the reason that a commit gives for staying on its own line, in a trailer with this token: it has to be a
/// trailer for git, and its reason must not be empty.
pub(crate) fn stays(commit: &Commit, token: &str) -> Option<BString> {
    let gives_reason = |value: &[u8]| value.iter().any(u8::is_ascii_alphanumeric) || !value.is_ascii();
    // Most messages do not contain such a word at all.
    if !holds_word(&commit.message, token.as_bytes()) {
        return None;
    }
    let is_own = |found: &[u8]| found.eq_ignore_ascii_case(token.as_bytes());
    let said = commit.trailers().into_iter().find(|trailer| is_own(&trailer.token) && gives_reason(&trailer.value));
    said.map(|trailer| trailer.value)
}

fn holds_word(message: &[u8], word: &[u8]) -> bool {
    let Some(first) = word.first() else { return false };
    let is_here = |at: usize| {
        message.get(at..at.saturating_add(word.len())).is_some_and(|found| found.eq_ignore_ascii_case(word))
    };
    let [lower, upper] = [[first.to_ascii_lowercase()], [first.to_ascii_uppercase()]];
    message.find_iter(&lower).any(is_here) || message.find_iter(&upper).any(is_here)
}

fn reverted_ids(body: &[u8]) -> Vec<Prefix> {
    let mut found = Vec::new();
    let mut rest = body;
    while let Some((_, after)) = rest.split_once_str("his reverts commit").filter(|_| found.len() < MAX_NAMED) {
        let word = after.trim_start();
        let end = word.iter().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(word.len());
        if let Some(id) = word.get(..end).filter(|id| id.len() >= MIN_DIGITS) {
            found.push(BString::from(id.to_ascii_lowercase()));
        }
        rest = after;
    }
    found
}

/// Returns the title that a normalised title quotes as reverted.
fn quoted_title(key: &BStr) -> Option<BString> {
    let quoted = |prefix: &[u8]| {
        let inner = key.strip_prefix(prefix)?;
        inner.get(..inner.rfind_byte(b'"')?)
    };
    if let Some(inner) = quoted(b"revert \"") {
        return Some(titles::normalised(inner.as_bstr()));
    }
    quoted(b"reapply \"").map(|inner| titles::normalised([b"revert \"", inner, b"\""].concat().as_bstr()))
}

/// Returns the pull request that a commit of the mainline merged or squashed.
pub(crate) fn own_pull_request(subject: &[u8]) -> Option<u64> {
    if let Some(rest) = subject.strip_prefix(b"Merge pull request #") {
        return leading_number(rest);
    }
    let inner = subject.trim().strip_suffix(b")")?;
    let at = inner.rfind(b"(#")?;
    let digits = inner.get(at + 2..)?;
    digits.iter().all(u8::is_ascii_digit).then(|| leading_number(digits)).flatten()
}

/// Returns the pull request that a line of a message says it was merged from, where the forge did not merge it itself:
/// `(Merged from https://host/owner/name/pull/12)`.
pub(super) fn merged_from(body: &[u8]) -> Option<u64> {
    let said = body.lines().filter_map(|line| line.trim().strip_prefix(b"(Merged from ")).next_back()?;
    let (_, number) = said.rsplit_once_str("/pull/").or_else(|| said.rsplit_once_str("/merge_requests/"))?;
    leading_number(number).filter(|_| said.starts_with(b"http"))
}

/// Returns the number of the revision that a commit was converted from: `git-svn-id: …@12 …`, `svn path=…; revision=12`,
/// `llvm-svn: 12`, `SVN-Revision: 12`.
pub(super) fn revision(body: &[u8]) -> Option<u64> {
    let of = |line: &[u8]| {
        let line = line.trim();
        let number = if let Some(rest) = line.strip_prefix(b"git-svn-id: ") {
            rest.fields().next()?.rsplit_once_str("@")?.1
        } else if let Some(rest) = line.strip_prefix(b"svn path=") {
            rest.rsplit_once_str("revision=")?.1
        } else {
            line.strip_prefix(b"llvm-svn: ").or_else(|| line.strip_prefix(b"SVN-Revision: "))?
        };
        leading_number(number)
    };
    // The converter adds its line at the end; what stands above may quote others.
    body.lines().rev().find_map(of)
}

/// Returns the number that a text begins with.
pub(super) fn leading_number(text: &[u8]) -> Option<u64> {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end)?.to_str().ok()?.parse().ok()
}

/// Returns Gerrit's id of a change (`Change-Id: I…`), the last one of the message.
pub(super) fn change_id(body: &[u8]) -> Option<BString> {
    let mut lines = body.lines().filter_map(|line| line.strip_prefix(b"Change-Id:"));
    let id = lines.next_back()?.trim();
    let digits = id.strip_prefix(b"I")?;
    (digits.len() == 40 && digits.iter().all(u8::is_ascii_hexdigit)).then(|| BString::from(id))
}

/// Returns whether a line of a message is a mark and not prose: it looks like a trailer, wherever it is, or is what a
/// pick adds. These differ between the two lines on purpose, and nothing but the similarity of messages depends on
/// them.
pub(super) fn is_mark(line: &[u8]) -> bool {
    let token = line.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-').count();
    (token > 0
        && line.get(token) == Some(&b':')
        && line.get(token + 1) == Some(&b' ')
        && line.get(..token).is_some_and(|token| token.contains(&b'-')))
        || line.starts_with(b"(cherry")
        || line.starts_with(b"(back")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ObjectId;
    use proptest::prelude::*;

    const S: &str = "0123456789abcdef0123456789abcdef01234567";

    fn commit(message: &[u8]) -> Commit {
        let head = format!("tree {S}\nauthor A <a@x> 1 +0000\ncommitter A <a@x> 1 +0000\n\n");
        Commit::parse(ObjectId::from_hex(S.as_bytes()).unwrap(), &[head.as_bytes(), message].concat()).unwrap()
    }

    fn takes_back(message: &str) -> TakesBack {
        TakesBack::of(&commit(message.replace('S', S).as_bytes()))
    }

    #[test]
    fn what_a_revert_takes_back_is_named_by_id_or_title() {
        let by_git = takes_back("Revert \"Fix it\"\n\nThis reverts commit S, reversing\nchanges made to 0123.\n");
        assert_eq!(by_git, TakesBack { ids: vec![S.into()], title: Some("fix it".into()) });
        for (message, title) in [
            ("Revert \"Fix it (#12)\" (#13)", "fix it"),
            ("[2.9] Revert \"Fix it\"", "fix it"),
            ("Merge pull request #9 from a/b\n\nRevert \"Fix it\"", "fix it"),
            ("Revert \"Revert \"Fix it\"\"", "revert \"fix it\""),
            ("Reapply \"Fix it\"", "revert \"fix it\""),
        ] {
            assert_eq!(takes_back(message), TakesBack { ids: vec![], title: Some(title.into()) }, "{message}");
        }
        for message in
            ["Revert to the old parser", "fix it\n\nthe last commit reverts S", "fix\n\nThis reverts commit 0123."]
        {
            assert!(takes_back(message).is_nothing(), "{message}");
        }
        let two = takes_back("x\n\nThis reverts commit S, and\nthis reverts commit 1234567.");
        assert_eq!(two.ids, [BString::from(S), "1234567".into()]);
    }

    #[test]
    fn a_title_counts_where_no_id_leads_anywhere() {
        let said = takes_back("Revert \"Fix it\"\n\nThis reverts commit S.");
        let targets = |by_id: Option<u8>| said.targets(|_| Ok::<_, ()>(by_id), |_| Ok(Some(2)));
        assert_eq!(targets(Some(1)), Ok(vec![1]));
        assert_eq!(targets(None), Ok(vec![2]));
    }

    #[test]
    fn only_a_trailer_with_a_reason_keeps_a_change_on_its_line() {
        let stays = |message: &str| stays(&commit(message.as_bytes()), RELEASE_ONLY).map(|reason| reason.to_string());
        assert_eq!(stays("x\n\nRelease-Only: the branch differs\n").as_deref(), Some("the branch differs"));
        assert_eq!(stays("x\n\nrelease-only: the branch\n  differs\n").as_deref(), Some("the branch differs"));
        for message in [
            "x\n\nRelease-Only:\n",
            "x\n\nRelease-Only: --\n",
            "Release-Only: a title\n",
            "x\n\nRelease-Only: in the middle\n\nand more prose.\n",
        ] {
            assert_eq!(stays(message), None, "{message}");
        }
    }

    #[test]
    fn numbers_and_ids_of_changes_are_read() {
        assert_eq!(own_pull_request(b"Merge pull request #12 from a/b"), Some(12));
        assert_eq!(own_pull_request(b"Do it (#12)"), Some(12));
        assert_eq!(own_pull_request(b"Do it (12)"), None);
        assert_eq!(merged_from(b"x\n(Merged from https://host/owner/name/pull/12)\n"), Some(12));
        assert_eq!(merged_from(b"x\n(Merged from branch/pull/12)\n"), None);
        for said in [
            "git-svn-id: https://host/svn/trunk@12 0123-abcd",
            "svn path=/head/; revision=12",
            "llvm-svn: 12",
            "SVN-Revision: 12",
        ] {
            assert_eq!(revision(format!("x\n\n{said}\n").as_bytes()), Some(12), "{said}");
        }
        assert_eq!(revision(b"git-svn-id: none\nx@12\n"), None);
        assert_eq!(change_id(format!("x\nChange-Id: I{S}\n").as_bytes()), Some(format!("I{S}").into()));
    }

    proptest! {
        #[test]
        fn no_message_panics(message in any::<Vec<u8>>()) {
            let commit = commit(&message);
            TakesBack::of(&commit);
            stays(&commit, RELEASE_ONLY);
            own_pull_request(&message);
            change_id(&message);
            merged_from(&message);
            revision(&message);
        }
    }
}
