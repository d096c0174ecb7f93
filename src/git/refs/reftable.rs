//! Refs in reftables (`git-config(1)`, `extensions.refStorage`): read through `git`, because gix shows none of them.

use bstr::{BStr, BString, ByteSlice as _};

use crate::git::object::alternates::path_of;
use crate::git::refs::store::{broken, parse_id};
use crate::git::{Error, Repository, Target};
use crate::model::RefName;

impl Repository {
    /// Finds one ref of a reftable.
    pub(in crate::git) fn find_in_reftable(&self, name: &BStr) -> Result<Option<Target>, Error> {
        let named = path_of(name);
        if name.starts_with(b"refs/")
            && let Some((_, target)) = self.for_each_ref(name)?.into_iter().find(|(found, _)| found == name)
        {
            return Ok(Some(target));
        }
        // What `for-each-ref` does not list: pseudo refs, and symbolic refs that lead nowhere.
        if let Some(to) =
            self.git(&["symbolic-ref", "--quiet", "--no-recurse"]).of_a_new_format().operand(&named).run_optional()?
        {
            return Ok(Some(Target::Symbolic(RefName::new(to.trim_end()))));
        }
        if name.starts_with(b"refs/") {
            return Ok(None);
        }
        let id = self.git(&["rev-parse", "--quiet", "--verify"]).of_a_new_format().operand(&named).run_optional()?;
        id.map(|id| parse_id(&RefName::new(name), &id, self.refs.hash).map(Target::Id)).transpose()
    }

    /// Lists the refs of a reftable below a prefix.
    pub(in crate::git) fn list_reftable(&self, prefix: &BStr) -> Result<Vec<(BString, Target)>, Error> {
        // As a pattern, the prefix would have to end with a whole component.
        let directory = prefix.rsplit_once_str("/").map_or(prefix, |(directory, _)| directory.as_bstr());
        let mut found = self.for_each_ref(directory)?;
        found.retain(|(name, _)| name.starts_with(prefix));
        found.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(found)
    }

    /// Lists the refs at or below a name in one call. The format names the fields because the default one reads every
    /// object.
    fn for_each_ref(&self, name: &BStr) -> Result<Vec<(BString, Target)>, Error> {
        if name.find_byteset(b"*?[\\").is_some() {
            // It would be a pattern, and no ref can have such a name.
            return Ok(Vec::new());
        }
        let format = "--format=%(refname)%00%(objectname)%00%(symref)";
        let output = self.git(&["for-each-ref", format]).of_a_new_format().operand(path_of(name)).run()?;
        let mut found = Vec::new();
        for line in output.lines() {
            let mut fields = line.split_str("\0");
            let (Some(name), Some(id), Some(symbolic)) = (fields.next(), fields.next(), fields.next()) else {
                return Err(broken(&RefName::new(line), "git's answer is not understood"));
            };
            let target = match symbolic {
                b"" => Target::Id(parse_id(&RefName::new(name), id, self.refs.hash)?),
                to => Target::Symbolic(RefName::new(to)),
            };
            found.push((name.into(), target));
        }
        Ok(found)
    }
}
