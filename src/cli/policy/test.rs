//! `refgate policy test`: pushes with what the policy has to say of each.

use std::path::{Path, PathBuf};

use crate::cases::{self, Error, Ran, Terms};
use crate::cli::context::{Context, When};
use crate::cli::judge::today;
use crate::cli::output::ListFormat;
use crate::git::{Environment, NO_FILE};
use crate::model::{Exit, Failure, Untrusted};
use crate::policy::{LoadError, Source};
use crate::project::{confined, read_file};
use crate::report::policy_errors;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Files of cases: Markdown, or TOML where the name ends in `.toml`.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The policy of cases that have none of their own: a file or `preset:NAME`; `.refgate.toml` unless given.
    #[arg(long, value_name = "SOURCE")]
    policy: Option<String>,
    /// How the results are written.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: ListFormat,
    /// When to colour errors.
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    color: When,
}

/// The result of one case.
#[derive(serde::Serialize)]
struct Row<'c> {
    file: String,
    line: usize,
    name: &'c str,
    passed: bool,
    missing: Vec<String>,
    unexpected: Vec<Unexpected>,
}

/// What came out and was not expected.
#[derive(serde::Serialize)]
struct Unexpected {
    /// As the case would expect it.
    finding: String,
    message: String,
}

/// What `--format json` writes.
#[derive(serde::Serialize)]
struct Document<'c> {
    schema: &'static str,
    passed: usize,
    failed: usize,
    cases: &'c [Row<'c>],
}

pub(super) fn run(context: &Context, arguments: &Args) -> Result<Exit, Failure> {
    let source = Source::parse(arguments.policy.as_deref().unwrap_or(".refgate.toml"))
        .map_err(|error| Failure::from_error(Exit::Policy, "finding the policy", &error))?;
    // As it is typed, and confined to the work tree that it is in.
    let policy = confined(source.relative_to(&context.absolute(Path::new(""))), Path::new(""), None);
    let environment = alone(context);
    let terms = Terms { environment: &environment, policy: Some(policy), today: today() };
    let mut all = Vec::new();
    for file in &arguments.files {
        let shown = file.display().to_string();
        let unreadable = |cause: String| Failure::new(Exit::Usage, format!("reading the cases in {shown}"), cause);
        let bytes = read_file(&context.absolute(file)).map_err(|error| unreadable(error.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|error| unreadable(error.to_string()))?;
        let cases = cases::read(file, &text).map_err(|wrong| unreadable(wrong.to_string()))?;
        all.extend(cases.into_iter().map(|case| (shown.clone(), case)));
    }
    let mut rows = Vec::new();
    for (file, case) in &all {
        let ran = match cases::run(case, &terms) {
            Ok(ran) => ran,
            Err(Error::Policy(LoadError::Invalid(errors))) => {
                context.complain(&policy_errors(&errors, context.colour(arguments.color)));
                return Ok(Exit::Policy);
            }
            Err(Error::Policy(LoadError::Unreadable(failure)) | Error::Failure(failure)) => return Err(failure),
            Err(Error::Wrong(wrong)) => {
                return Err(Failure::new(Exit::Usage, format!("reading the cases in {file}"), wrong.to_string()));
            }
        };
        let passed = ran.is_right();
        let Ran { missing, more } = ran;
        let unexpected = more.into_iter().map(|(finding, message)| Unexpected { finding, message }).collect::<Vec<_>>();
        rows.push(Row { file: file.clone(), line: case.line, name: &case.title, passed, missing, unexpected });
    }
    let failed = rows.iter().filter(|row| !row.passed).count();
    let text = match arguments.format {
        ListFormat::Json => crate::report::json(&Document {
            schema: "refgate.policy-test/v1",
            passed: rows.len() - failed,
            failed,
            cases: &rows,
        }),
        ListFormat::Human => human(&rows, failed),
    };
    context.print(&text)?;
    Ok(if failed == 0 { Exit::Accepted } else { Exit::Refused })
}

/// Returns an environment in which nothing that is configured on this machine counts: a case comes out the same for
/// everybody.
fn alone(context: &Context) -> Environment {
    let of_process = context.environment();
    let kept = of_process.vars.iter().filter(|(name, _)| *name == "PATH");
    let fixed = [("GIT_CONFIG_GLOBAL", NO_FILE), ("GIT_CONFIG_NOSYSTEM", "1")];
    let vars = kept.map(|(name, value)| (name.clone(), value.clone()));
    let vars = vars.chain(fixed.map(|(name, value)| (name.into(), value.into())));
    Environment::from_vars(vars, of_process.cwd.clone())
}

fn human(rows: &[Row<'_>], failed: usize) -> String {
    let mut text = String::new();
    for row in rows {
        let word = if row.passed { "ok  " } else { "FAIL" };
        text += &format!("{word} {}:{}: {}\n", Untrusted::new(&row.file), row.line, Untrusted::new(row.name));
        for line in &row.missing {
            text += &format!("  - {}\n", Untrusted::new(line));
        }
        for Unexpected { finding, message } in &row.unexpected {
            text += &format!("  + {}\n      {}\n", Untrusted::new(finding), Untrusted::new(message));
        }
    }
    let count = match rows.len() {
        1 => "1 case".to_owned(),
        count => format!("{count} cases"),
    };
    let failed = if failed == 0 { "all as expected".to_owned() } else { format!("{failed} not as expected") };
    text + &format!("{count}: {failed}\n")
}
