//! Which branches are no longer maintained.

use bstr::BString;

use super::{FactError, Project, Snapshot};
use crate::model::{ObjectId, RefName};

/// A commit that declares its branch unmaintained.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// The commit.
    pub commit: ObjectId,
    /// What its trailer says.
    pub value: BString,
}

impl Project {
    /// Returns the newest commit below `tip`, and not below `without`, that has the trailer and that no later commit
    /// reverts.
    ///
    /// # Errors
    /// History that cannot be read.
    pub fn declaration(
        &self,
        token: &str,
        tip: ObjectId,
        without: &[ObjectId],
    ) -> Result<Option<Declaration>, FactError> {
        let mut newer = Vec::new();
        for id in self.commits(&[tip], without)? {
            let commit = self.commit(id)?;
            let said =
                commit.trailers().into_iter().find(|trailer| trailer.token.eq_ignore_ascii_case(token.as_bytes()));
            newer.push(commit);
            if let Some(trailer) = said
                && self.taken_back(&newer).last() == Some(&false)
            {
                return Ok(Some(Declaration { commit: id, value: trailer.value }));
            }
        }
        Ok(None)
    }
}

impl Snapshot<'_> {
    /// Returns whether a branch is still maintained: nothing that its line names (`retired-by`) declares the opposite.
    ///
    /// # Errors
    /// Refs or history that cannot be read.
    pub fn is_maintained(&self, branch: &RefName, tip: ObjectId) -> Result<bool, FactError> {
        let Some(place) = self.project().line_of(branch) else { return Ok(true) };
        if place.line.lists_retired(branch.short()) {
            return Ok(false);
        }
        for tag in place.line.closing_tags(&place.bindings) {
            if self.tip(&tag)?.is_some() {
                return Ok(false);
            }
        }
        let Some(token) = &place.line.retired_by.trailer else { return Ok(true) };
        let mut cut_at = Vec::new();
        for origin in place.line.cut_from.iter().map(|line| self.tips_of(line)).collect::<Result<Vec<_>, _>>()?.concat()
        {
            cut_at.extend(self.project().mainline_ahead(origin, tip)?.enters);
        }
        Ok(self.project().declaration(token, tip, &cut_at)?.is_none())
    }
}
