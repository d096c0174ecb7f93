//! `may`: who may do what, on lines and tag classes.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::policy::actors::ActorSet;
use crate::policy::cx::Cx;
use crate::policy::text::{Located, Texts};

/// Who may do what; `None` leaves it to the host.
#[derive(Clone, Debug, Default)]
pub struct Permissions {
    /// Make a new ref.
    pub create: Option<ActorSet>,
    /// Add commits to it.
    pub push: Option<ActorSet>,
    /// Replace what it holds: rewrite a branch, move a tag.
    pub rewrite: Option<ActorSet>,
    /// Delete it.
    pub delete: Option<ActorSet>,
}

/// Who may do what to the branches of a line. An action that is not named is open to everybody whom the host lets push.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct RawLineMay {
    /// Who may make a new branch.
    #[schemars(example = &"@release-managers")]
    #[schemars(extend("x-rules" = ["unauthorized-actor"]))]
    create: Option<Located<Texts<ActorSet>>>,
    /// Who may add commits.
    #[schemars(example = ["alice", "@release-managers"])]
    #[schemars(extend("x-rules" = ["unauthorized-actor"]))]
    push: Option<Located<Texts<ActorSet>>>,
    /// Who may replace history. Naming somebody also makes the branches rewritable.
    #[schemars(example = &"@host")]
    #[schemars(extend("x-rules" = ["unauthorized-actor"]))]
    rewrite: Option<Located<Texts<ActorSet>>>,
    /// Who may delete. Naming somebody also makes the branches deletable.
    #[schemars(example = &"@host")]
    #[schemars(extend("x-rules" = ["unauthorized-actor"]))]
    delete: Option<Located<Texts<ActorSet>>>,
}

impl RawLineMay {
    pub(crate) fn resolve(&self, cx: &mut Cx<'_>) -> Permissions {
        Permissions {
            create: cx.actors(self.create.as_ref()),
            push: cx.actors(self.push.as_ref()),
            rewrite: cx.actors(self.rewrite.as_ref()),
            delete: cx.actors(self.delete.as_ref()),
        }
    }
}

/// Who may do what to the tags of a class. An action that is not named is open to everybody whom the host lets push.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct RawTagMay {
    /// Who may make a tag.
    #[schemars(example = &"@release-managers")]
    #[schemars(extend("x-rules" = ["unauthorized-actor"]))]
    create: Option<Located<Texts<ActorSet>>>,
    /// Who may move one. Naming somebody also makes the tags movable.
    #[schemars(example = &"@host")]
    #[schemars(extend("x-rules" = ["unauthorized-actor"]))]
    r#move: Option<Located<Texts<ActorSet>>>,
    /// Who may delete one. Naming somebody also makes the tags deletable.
    #[schemars(example = &"@host")]
    #[schemars(extend("x-rules" = ["unauthorized-actor"]))]
    delete: Option<Located<Texts<ActorSet>>>,
}

impl RawTagMay {
    pub(crate) fn resolve(&self, cx: &mut Cx<'_>) -> Permissions {
        Permissions {
            create: cx.actors(self.create.as_ref()),
            push: None,
            rewrite: cx.actors(self.r#move.as_ref()),
            delete: cx.actors(self.delete.as_ref()),
        }
    }
}
