//! Commits.
//!
//! Not gix-object's `CommitRef`: it refuses commits whose identities are broken, which git reads and real history has;
//! a test here fails should that change.

use bstr::{BStr, BString, ByteSlice as _};

use crate::git::Error;
use crate::git::object::headers::{Skeleton, header_lines, split_headers};
use crate::git::object::trailers::{Trailer, is_blank, is_space, trailers};
use crate::model::ObjectId;

/// A commit. Names, addresses and text are the bytes in the object: no mailmap, no re-encoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub id: ObjectId,
    /// The tree it records.
    pub tree: ObjectId,
    /// Its parents in order; grafts are ignored.
    pub parents: Vec<ObjectId>,
    /// Who wrote the change.
    pub author: Identity,
    /// Who made the commit.
    pub committer: Identity,
    /// The encoding of the message, if the commit names one.
    pub encoding: Option<BString>,
    /// Whether a header says that its tree stands for several, between which nobody has decided: jj keeps a conflict in
    /// a commit and lists the trees of its sides as `jj:trees`.
    pub is_undecided: bool,
    /// The whole message.
    pub message: BString,
    subject: BString,
}

/// Who, and when.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Identity {
    /// The name. Empty if the line is too broken to hold one.
    pub name: BString,
    /// The address between the angle brackets.
    pub email: BString,
    /// Seconds since 1970; 0 if there is no usable date, as git has it.
    pub seconds: i64,
    /// Seconds east of UTC.
    pub offset: i32,
}

impl Commit {
    /// Parses the content of a commit object. As lenient as git: unknown headers, odd dates and messages without
    /// structure pass.
    ///
    /// # Errors
    /// Tree, parents, author or committer are missing or out of place.
    pub fn parse(id: ObjectId, content: &[u8]) -> Result<Self, Error> {
        let Skeleton { tree, parents, rest } = Skeleton::parse(id, content)?;
        let (headers, message) = split_headers(rest);
        let mut author = None;
        let mut committer = None;
        let mut encoding = None;
        let mut is_undecided = false;
        for (key, value) in header_lines(headers) {
            match key.as_bytes() {
                b"author" if author.is_none() => author = Some(Identity::parse(value)),
                b"committer" if committer.is_none() => committer = Some(Identity::parse(value)),
                b"jj:trees" => is_undecided = true,
                b"encoding" if encoding.is_none() => encoding = Some(value.to_owned()),
                _ => {}
            }
        }
        let malformed = |reason| Error::Malformed { id, reason };
        Ok(Self {
            id,
            tree,
            parents,
            author: author.ok_or(malformed("it has no author"))?,
            committer: committer.ok_or(malformed("it has no committer"))?,
            encoding,
            is_undecided,
            message: message.to_owned(),
            subject: subject_and_body(message).0,
        })
    }

    /// Returns the first paragraph in one line: git's `%s`.
    pub fn subject(&self) -> &BStr {
        self.subject.as_bstr()
    }

    /// Returns what follows the first paragraph: git's `%b`.
    pub fn body(&self) -> &BStr {
        subject_and_body(self.message.as_bstr()).1
    }

    /// Returns the trailers: git's `%(trailers:only,unfold)` with its default configuration.
    pub fn trailers(&self) -> Vec<Trailer> {
        trailers(self.message.as_bstr())
    }
}

impl Identity {
    /// Splits `Name <address> seconds zone` as git does (`ident.c`, `split_ident_line`); what cannot be found is empty.
    pub(in crate::git) fn parse(line: &BStr) -> Self {
        let Some((name, rest)) = line.split_once_str("<") else { return Self::default() };
        let Some((email, _)) = rest.split_once_str(">") else { return Self::default() };
        let name = name.trim_end_with(|c| u8::try_from(c).is_ok_and(is_space));
        let mut identity = Self { name: name.into(), email: email.into(), ..Self::default() };
        // The date follows the last bracket: names and addresses of real commits hold stray ones.
        let date = rest.rsplit_once_str(">").map_or(rest, |(_, date)| date);
        let mut words = date.fields();
        if let Some(seconds) = words.next().and_then(leading_number) {
            identity.seconds = seconds;
            identity.offset = words.next().map_or(0, offset);
        }
        identity
    }
}

/// Returns the number that a word begins with.
fn leading_number(word: &[u8]) -> Option<i64> {
    let digits = word.iter().take_while(|byte| byte.is_ascii_digit()).count();
    word.get(..digits)?.to_str().ok()?.parse().ok()
}

/// Returns the seconds of a zone such as `+0530`.
fn offset(zone: &[u8]) -> i32 {
    let Some(value) = zone.to_str().ok().and_then(|zone| zone.parse::<i32>().ok()) else { return 0 };
    // Real commits have zones like `+51800`.
    if value.unsigned_abs() > 9999 { 0 } else { (value / 100 * 60 + value % 100) * 60 }
}

/// Returns the first paragraph joined to a line, and what follows it (`pretty.c`, `format_subject`).
fn subject_and_body(message: &BStr) -> (BString, &BStr) {
    let mut subject = BString::default();
    let mut lines = message.lines_with_terminator().skip_while(|line| is_blank(line)).peekable();
    while let Some(line) = lines.next_if(|line| !is_blank(line)) {
        if !subject.is_empty() {
            subject.push(b' ');
        }
        subject.extend_from_slice(line.trim_end_with(|c| matches!(c, ' ' | '\t' | '\r' | '\n')));
    }
    while lines.next_if(|line| is_blank(line)).is_some() {}
    let rest: usize = lines.map(<[u8]>::len).sum();
    (subject, message.get(message.len() - rest..).unwrap_or_default().as_bstr())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn commit(rest: &str) -> Result<Commit, Error> {
        let id = ObjectId::null(crate::model::HashKind::Sha1);
        Commit::parse(id, format!("tree {id}\nparent {id}\n{rest}").as_bytes())
    }

    #[test]
    fn broken_identities_of_real_history_are_read() {
        let rest = "author A <a@x> <b@y> 1700000000 +0530\ncommitter no brackets\n\nsubject\n";
        let commit = commit(rest).unwrap();
        assert_eq!(commit.author.email, "a@x");
        assert_eq!((commit.author.seconds, commit.author.offset), (1_700_000_000, 19_800));
        assert_eq!(commit.committer, Identity::default());
        let content = format!("tree {0}\nparent {0}\n{rest}", commit.id);
        let gixs = gix::objs::CommitRef::from_bytes(content.as_bytes(), gix::hash::Kind::Sha1);
        assert!(gixs.is_err(), "the reason for a reader of our own");
    }

    #[test]
    fn no_date_or_zone_overflows() {
        for (date, expected) in [
            ("1 -2147483648", (1, 0)),
            ("1 +51800", (1, 0)),
            ("1 -0930", (1, -34_200)),
            ("99999999999999999999 +0000", (0, 0)),
        ] {
            let Identity { seconds, offset, .. } = Identity::parse(format!("a <a> {date}").as_str().into());
            assert_eq!((seconds, offset), expected, "{date}");
        }
    }

    #[test]
    fn a_header_says_that_nobody_has_decided() {
        let who = "author a <a> 1 +0000\ncommitter a <a> 1 +0000\n";
        assert!(commit(&format!("{who}jj:trees 1 2 3\n\nsubject\n")).unwrap().is_undecided);
        for rest in [
            format!("{who}\nsubject\n\njj:trees 1 2 3\n"),
            format!("{who}jj:treeship 1\ngpgsig x\n jj:trees 1 2 3\n\nsubject\n"),
        ] {
            assert!(!commit(&rest).unwrap().is_undecided, "{rest}");
        }
    }

    #[test]
    fn the_subject_is_the_first_paragraph_in_one_line() {
        let commit =
            commit("author a <a> 1 +0000\ncommitter a <a> 1 +0000\n\n\n  one \ntwo\r\n\t\n\nbody\n\nmore\n").unwrap();
        assert_eq!(commit.subject(), "  one two");
        assert_eq!(commit.body(), "body\n\nmore\n");
    }

    #[test]
    fn without_an_author_it_is_malformed() {
        assert!(matches!(commit("committer a <a> 1 +0000\n\nx"), Err(Error::Malformed { .. })));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8))]
        #[test]
        fn identities_are_gits(
            lines in proptest::collection::vec("([ab ]{0,2}[<>]?){0,3}(<[a@ ]{0,3}> [0-9]{0,11} ?([+-][0-9]{0,4})?)?", 100),
        ) {
            let scratch = crate::git::scratch::Scratch::new(&[]);
            let tree = scratch.git_with(&["mktree"], &[], b"");
            let mut files = String::new();
            for (at, line) in lines.iter().enumerate() {
                let file = scratch.path.join(at.to_string());
                std::fs::write(&file, format!("tree {tree}\nauthor {line}\ncommitter {line}\n\n{at}\n")).unwrap();
                files += &format!("{}\n", file.display());
            }
            let write = ["hash-object", "-t", "commit", "-w", "--literally", "--stdin-paths"];
            let ids = scratch.git_with(&write, &[], files.as_bytes()) + "\n";
            let show = ["log", "--no-walk=unsorted", "--stdin", "--format=%H|%an|%ae|"];
            let shown = scratch.git_with(&show, &[], ids.as_bytes());
            let repository = scratch.open();
            let found: Vec<String> = ids
                .lines()
                .map(|id| repository.commit(ObjectId::from_hex(id.as_bytes()).unwrap()).unwrap())
                .map(|commit| format!("{}|{}|{}|", commit.id, commit.author.name, commit.author.email))
                .collect();
            prop_assert_eq!(found, shown.lines().collect::<Vec<_>>());
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let id = ObjectId::null(crate::model::HashKind::Sha1);
            let mut content = format!("tree {id}\nauthor a <a> 1 +0000\ncommitter ").into_bytes();
            content.extend(bytes);
            if let Ok(commit) = Commit::parse(id, &content) {
                commit.trailers();
                commit.body();
            }
        }
    }
}
