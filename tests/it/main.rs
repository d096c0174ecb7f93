//! The integration tests: one binary, real git, the real program.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that cannot go on has failed"
)]

mod architecture;
mod audit;
mod bounded;
mod catalogue;
mod catalogue_policy;
mod ci;
mod clones;
mod commands;
mod doctor;
mod flows;
mod formats;
mod git_version;
mod help;
mod hostile_text;
mod hosts;
mod input;
mod install;
mod install_script;
mod landed;
mod landed_cache;
mod landed_hostile;
mod landed_part;
mod landed_policy;
mod learn;
mod ledger;
mod managers;
mod named_by;
mod observe;
mod pages;
mod partial;
mod policies;
mod policy_diff;
mod policy_proof;
mod policy_test;
mod post_receive;
mod pushes;
mod reference_pages;
mod release_plan;
mod release_properties;
mod replay;
mod reports;
mod scenario_files;
mod support;
mod trace;
mod version_command;
mod version_order;
mod waivers;
mod whereabouts;
