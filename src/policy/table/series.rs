//! `[[series]]`: where versions belong whose place no pattern gives.

use schemars::JsonSchema;
use serde::Deserialize;
use std::borrow::Cow;

use super::form::{Many, Table};
use crate::model::did_you_mean;
use crate::policy::cx::Cx;
use crate::policy::error::Problem;
use crate::policy::origin::Origin;
use crate::policy::pattern::{Bindings, Pattern};
use crate::policy::spelled::Spelled;
use crate::policy::text::{ClassName, LineOrBranch, Located, Meaning, Text, Texts};
use crate::version::Range;

/// Versions whose place no pattern gives. The first series that holds a version counts.
///
/// ```toml
/// [[series]]
/// versions = ">=1.1.3, <1.2"
/// line = "main"
///
/// [[series]]
/// versions = "1.2.0"
/// reserved-for = "Algiers"
/// ```
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RawSeries {
    /// The versions.
    #[schemars(example = &">=1.1.3, <1.2")]
    #[schemars(extend("x-rules" = ["misplaced-tag", "reserved-version", "out-of-order-tag"], "x-also" = "`refgate where`"))]
    versions: Located<Text<Range>>,
    /// The tag class they belong to.
    #[schemars(example = &"version", extend("x-default" = "every class"))]
    #[schemars(extend("x-rules" = ["misplaced-tag", "reserved-version", "out-of-order-tag"], "x-also" = "`refgate where`"))]
    tag: Option<Located<Text<ClassName>>>,
    /// The lines or branches that they sit on.
    #[schemars(example = &"release/1.0", extend("x-default" = "where the tag class says"))]
    #[schemars(extend("x-rules" = ["misplaced-tag", "reserved-version", "out-of-order-tag", "unlanded-fix", "unrepaired-pick"], "x-also" = "`refgate where`"))]
    line: Option<Located<Texts<LineOrBranch>>>,
    /// What they are kept for: nobody else may use them.
    #[schemars(example = &"Algiers")]
    #[schemars(extend("x-rules" = ["reserved-version"]))]
    reserved_for: Option<String>,
}

/// Versions whose place no pattern tells: `1.1.3` and up on master, `1.2.0` reserved.
#[derive(Clone, Debug)]
pub struct Series {
    /// The versions.
    pub versions: Range,
    /// The tag class they belong to; `None` for every class.
    pub class: Option<String>,
    /// The lines, by name, and the branches, by pattern, that they sit on; empty leaves it to the class.
    pub places: Vec<Place>,
    /// What they are kept for: nobody else may use them.
    pub reserved_for: Option<String>,
    /// Where the policy says it.
    pub origin: Origin,
}

/// Where versions of a series sit.
#[derive(Clone, Debug)]
pub enum Place {
    /// Any branch of this line.
    Line(String),
    /// Branches of this pattern.
    Branch(Pattern),
}

/// The table `[[series]]`.
#[derive(Debug)]
pub(crate) enum SeriesTable {}

impl Table for SeriesTable {
    const KEY: &'static str = "series";
    const OPENS: bool = true;
    type Written = Many<RawSeries>;
    type Resolved = Vec<Series>;

    /// A lower layer's series come before those of the layers above, which have to leave it open.
    fn resolve(layers: &[&Many<RawSeries>], cx: &mut Cx<'_>) -> Vec<Series> {
        let mut all: Vec<Series> = Vec::new();
        let mut upper: Option<usize> = None;
        for (at, layer) in layers.iter().enumerate() {
            cx.enter(at);
            let mut own = Vec::new();
            for (raw, span) in &layer.0 {
                if let Some(upper) = upper
                    && !cx.may_weaken(upper, Self::KEY, span.clone(), "another series")
                {
                    continue;
                }
                own.extend(resolve(raw, cx.origin(span), cx));
            }
            upper = upper.or((!own.is_empty()).then_some(at));
            own.append(&mut all);
            all = own;
        }
        all
    }
}

fn resolve(raw: &RawSeries, origin: Origin, cx: &mut Cx<'_>) -> Option<Series> {
    if cx.has_ended() {
        return None;
    }
    if let Some(class) = &raw.tag {
        let mut known = cx.names.classes.iter().map(|(name, _)| name.as_str());
        if !known.clone().any(|known| known == class.text()) {
            let hint = did_you_mean(class.text(), known.by_ref());
            cx.report(Problem::new(class.span(), format!("there is no tag class named `{}`{hint}", class.text())));
        }
    }
    let mut places = Vec::new();
    if let Some(line) = &raw.line {
        for text in line.texts() {
            places.push(place(text, line.span(), cx)?);
        }
    }
    let versions = cx.value(Range::parse(raw.versions.text()), raw.versions.span())?;
    Some(Series {
        versions,
        class: raw.tag.as_ref().map(|class| class.text().to_owned()),
        places,
        reserved_for: raw.reserved_for.clone(),
        origin,
    })
}

fn place(text: &str, span: std::ops::Range<usize>, cx: &mut Cx<'_>) -> Option<Place> {
    if cx.names.lines.iter().any(|(name, _)| name == text) {
        return Some(Place::Line(text.to_owned()));
    }
    let pattern = cx.r#ref(text, span.clone(), Spelled::Branch)?;
    // A branch that no line has would be refused before any tag could sit on it.
    let mut own = cx.names.lines.iter().flat_map(|(_, patterns)| patterns);
    if !own.any(|own| own.matches(text.into()).is_some()) && pattern.instances(&Bindings::new()).is_some() {
        let hint = did_you_mean(text, cx.names.lines.iter().map(|(name, _)| name.as_str()));
        cx.report(Problem::new(span, format!("`{text}` is neither a line nor a branch of one{hint}")));
    }
    Some(Place::Branch(pattern))
}

impl Meaning for Range {
    const NAME: &'static str = "VersionRange";
    const TITLE: &'static str = "range of versions";
    fn description() -> Cow<'static, str> {
        "Versions by their numbers: `1.0.*`, `1.2.0`, or comparisons such as `>=1.1.3, <1.2`, which must all hold. Only \
         numbers are looked at: a pre-release belongs where its release belongs. Missing numbers count as 0."
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::testing::{errors, layered, policy};

    #[test]
    fn a_place_is_a_line_or_a_branch() {
        let policy = policy("[[series]]\nversions = '1.*'\nline = ['main', '1.0']\nreserved-for = 'Algiers'\n");
        let [series] = policy.series.as_slice() else { panic!() };
        assert!(matches!(series.places.as_slice(), [Place::Line(line), Place::Branch(_)] if line == "main"));
        assert_eq!(series.reserved_for.as_deref(), Some("Algiers"));
    }

    #[test]
    fn what_a_series_names_has_to_be_there() {
        let series = |more: &str| errors(&format!("[[series]]\n{more}\n"));
        assert_eq!(
            series("versions = '1.*'\ntag = 'versoin'"),
            ["3:7: there is no tag class named `versoin`; did you mean `version`?"]
        );
        assert_eq!(
            series("versions = '1.*'\nline = 'mian'"),
            ["3:8: `mian` is neither a line nor a branch of one; did you mean `main`?"]
        );
        assert_eq!(series("versions = 'one'").len(), 1);
    }

    #[test]
    fn a_series_of_a_lower_layer_needs_permission_once_there_is_one_above() {
        let series = "[[series]]\nversions = '1.*'\n";
        assert_eq!(layered("", series), [""; 0]);
        assert_eq!(layered(series, series), ["another series is not left open by `base.toml`"]);
    }
}
