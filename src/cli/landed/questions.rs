//! What is compared with what: branches and revisions as they were named, or what the policy's flows ask.

use super::Args;
use crate::cli::project::commit;
use crate::git::Repository;
use crate::model::{Exit, Failure, ObjectId, RefName, Stage, Untrusted, did_you_mean};
use crate::policy::{Bindings, Flow, Line, Way};
use crate::project::{Destination, Snapshot};

/// One comparison.
pub(super) struct Question<'a> {
    /// What is compared, as it was named.
    pub(super) from: String,
    /// The branch that it is, for waivers.
    pub(super) branch: Option<RefName>,
    /// Its commit.
    pub(super) tip: ObjectId,
    /// What it is compared with, as it was named.
    pub(super) to: String,
    /// Its branches: a line has as many as it has.
    pub(super) place: Destination,
    /// What the policy asks for between the two.
    pub(super) flow: Option<&'a Flow>,
}

impl Question<'_> {
    /// Returns whether what is missing is picked, and not merged.
    pub(super) fn picks(&self) -> bool {
        let by = self.flow.and_then(|flow| flow.by.first());
        by.is_none_or(|way| *way == Way::Pick)
    }
}

/// All comparisons, and whether what was named can come to any number of them.
pub(super) struct Questions<'a> {
    pub(super) list: Vec<Question<'a>>,
    pub(super) may_be_many: bool,
}

/// Where questions are looked up.
pub(super) struct Asked<'f, 'a> {
    pub(super) refs: &'f Snapshot<'a>,
    /// The remote whose tracking refs are branches.
    pub(super) remote: &'f str,
}

/// One side, as it was named.
enum End<'a> {
    Revision { name: String, id: ObjectId, branch: Option<RefName> },
    Line(&'a Line),
}

impl<'a> Asked<'_, 'a> {
    fn repository(&self) -> &'a Repository {
        self.refs.project().repository()
    }

    fn flows(&self) -> &'a [Flow] {
        self.refs.project().flows()
    }

    pub(super) fn questions(&self, arguments: &Args) -> Result<Questions<'a>, Failure> {
        let flows = self.flows();
        if arguments.from.is_none() && arguments.to.is_none() && !flows.is_empty() {
            let mut list = Vec::new();
            for flow in flows.iter().filter(|flow| flow.from != flow.to) {
                let (Some(from), Some(to)) = (self.line(&flow.from), self.line(&flow.to)) else { continue };
                list.extend(self.between(&End::Line(from), &End::Line(to), &[flow])?);
            }
            return Ok(Questions { list, may_be_many: true });
        }
        let from = self.end(arguments.from.as_deref().unwrap_or("HEAD"))?;
        let to = match &arguments.to {
            Some(name) => vec![self.end(name)?],
            None => self.usual(&from)?,
        };
        let named_line = arguments.to.is_some() && to.iter().any(|to| matches!(to, End::Line(_)));
        let may_be_many = matches!(from, End::Line(_)) || named_line;
        let mut list = Vec::new();
        for to in to {
            let (own, other) = (self.line_of(&from), self.line_of(&to));
            let named = |line: Option<&Line>, name: &str| line.is_some_and(|line| line.name == name);
            let between: Vec<&'a Flow> =
                flows.iter().filter(|flow| named(own, &flow.from) && named(other, &flow.to)).collect();
            list.extend(self.between(&from, &to, &between)?);
        }
        Ok(Questions { list, may_be_many })
    }

    /// Returns where a change is looked for when nothing says where: where the policy wants it, or else on the
    /// mainline. Other branches of its own line are asked about by their names.
    fn usual(&self, from: &End<'a>) -> Result<Vec<End<'a>>, Failure> {
        let flows = self.flows();
        let own = self.line_of(from).map(|line| line.name.as_str());
        let mut wanted: Vec<&Line> = Vec::new();
        for flow in flows.iter().filter(|flow| Some(flow.from.as_str()) == own && flow.from != flow.to) {
            if let Some(line) = self.line(&flow.to).filter(|line| wanted.iter().all(|known| known.name != line.name)) {
                wanted.push(line);
            }
        }
        if !wanted.is_empty() {
            return Ok(wanted.into_iter().map(End::Line).collect());
        }
        for name in ["main", "master"] {
            let branch = RefName::branch(name);
            if let Ok((_, Some(id))) = self.repository().resolve(&branch) {
                return Ok(vec![End::Revision { name: name.to_owned(), id, branch: Some(branch) }]);
            }
        }
        let failure = Failure::new(Exit::Usage, "finding the mainline", "there is no branch `main` or `master`");
        Err(failure.help("name it with `--to`"))
    }

    /// Resolves a revision, or else a line of the policy.
    fn end(&self, name: &str) -> Result<End<'a>, Failure> {
        match commit(self.repository(), name) {
            Ok(id) => Ok(End::Revision { name: name.to_owned(), id, branch: self.branch(name) }),
            Err(failure) => match (self.line(name), self.refs.project().lines()) {
                (Some(line), _) => Ok(End::Line(line)),
                (None, []) => Err(failure),
                (None, lines) => {
                    let hint = did_you_mean(name, lines.iter().map(|line| line.name.as_str()));
                    let cause = format!("{}, nor is it a line of the policy{hint}", failure.cause);
                    Err(Failure { cause, ..failure })
                }
            },
        }
    }

    /// Returns the branch that a name stands for, tracked ones too.
    fn branch(&self, name: &str) -> Option<RefName> {
        let (full, _) = self.repository().revision_ref(name).ok()??;
        let tracked = full.full().strip_prefix(format!("refs/remotes/{}/", self.remote).as_bytes());
        Some(tracked.map_or_else(|| full.clone(), RefName::branch))
    }

    fn line(&self, name: &str) -> Option<&'a Line> {
        self.refs.project().policy().line(name)
    }

    fn line_of(&self, end: &End<'a>) -> Option<&'a Line> {
        match end {
            End::Line(line) => Some(line),
            End::Revision { branch, .. } => Some(self.refs.project().line_of(branch.as_ref()?)?.line),
        }
    }

    /// Returns the questions between two sides: every branch of one side with all of the other, once for each flow
    /// between them.
    fn between(&self, from: &End<'a>, to: &End<'a>, flows: &[&'a Flow]) -> Result<Vec<Question<'a>>, Failure> {
        let sources = match from {
            End::Revision { name, id, branch } => vec![(name.clone(), *id, branch.clone())],
            End::Line(line) => {
                let branches = self.branches(line)?.into_iter();
                branches.map(|(name, id)| (name.short().to_string(), id, Some(name))).collect()
            }
        };
        if sources.is_empty() {
            return Ok(Vec::new());
        }
        let is_line = matches!(to, End::Line(_));
        let (to, branches) = match to {
            // Whatever it is called: it is one place.
            End::Revision { name, id, branch } => {
                let called = branch.clone().unwrap_or_else(|| RefName::new(name.as_str()));
                (name.clone(), vec![(called, *id)])
            }
            End::Line(line) => {
                let branches = self.branches(line)?;
                let name = match branches.as_slice() {
                    [] => {
                        let cause = format!("there is no branch of the line `{}`", line.name);
                        return Err(Failure::new(Exit::Undecided, "looking for where changes shall be", cause));
                    }
                    [(only, _)] => only.short().to_string(),
                    _ => line.name.clone(),
                };
                (name, branches)
            }
        };
        let flows: Vec<Option<&'a Flow>> =
            if flows.is_empty() { vec![None] } else { flows.iter().copied().map(Some).collect() };
        let mut questions = Vec::new();
        for (from, tip, branch) in sources {
            for flow in &flows {
                let apart = flow.filter(|flow| flow.tells_branches_apart() && is_line).zip(branch.as_ref());
                let places = match apart {
                    Some((flow, branch)) => self.places(flow, branch, tip)?,
                    None => vec![(to.clone(), Destination { name: to.clone(), branches: branches.clone() })],
                };
                questions.extend(places.into_iter().map(|(to, place)| {
                    let (from, branch) = (from.clone(), branch.clone());
                    Question { from, branch, tip, to, place, flow: *flow }
                }));
            }
        }
        Ok(questions)
    }

    /// Returns the places where a flow wants the changes of a branch, with what each is called.
    fn places(&self, flow: &Flow, from: &RefName, tip: ObjectId) -> Result<Vec<(String, Destination)>, Failure> {
        let places = self.refs.destinations(flow, from, tip).map_err(|error| {
            let detail = format!("looking for the maintained branches of the line `{}`", Untrusted::new(&flow.to));
            error.into_failure(detail, Stage::Ci)
        })?;
        let called = |place: &Destination| {
            place.only_branch().map_or_else(|| flow.to.clone(), |(name, _)| name.short().to_string())
        };
        Ok(places.into_iter().map(|place| (called(&place), place)).collect())
    }

    fn branches(&self, line: &Line) -> Result<Vec<(RefName, ObjectId)>, Failure> {
        self.refs.branches(line, &Bindings::new()).map_err(|error| {
            let detail = format!("looking for the branches of the line `{}`", Untrusted::new(&line.name));
            error.into_failure(detail, Stage::Ci)
        })
    }
}
