//! `callcta campaign change`: another message, or another pace.

use std::time::SystemTime;

use callcta_campaign::{
    Command, Error, Filter, Journal, Result, State, Template, Weight, check_message, who,
};

use super::{ask, campaign, open_beside, plan, rows};
use crate::args::campaign::{ChangeCommand, Pace};
use crate::exit::Exit;
use crate::output::{BAD, GOOD, say, styled};

pub fn run(args: &ChangeCommand) -> Result<Exit> {
    let template = args.message.as_deref().map(plan::template_of).transpose()?;
    // Asked before, since a journal that is opened to be changed is held.
    let runs = campaign(&args.journal.place)?.location().is_held();
    let mut journal = open_beside(&args.journal)?;
    if args.pace.is_some() && !runs {
        return Err(Error::invalid(
            "nothing runs with this journal; give the pace to resume",
        ));
    }
    if let Some(template) = template {
        let exit = change_message(&mut *journal, &template, args.yes)?;
        if exit != Exit::Done {
            return Ok(exit);
        }
    }
    if let Some(Pace(pace)) = args.pace {
        journal.command(Command::Pace(pace.unwrap_or(f64::INFINITY)))?;
        say(format_args!(
            "{} the pace of each Page is {} now, until this run ends",
            styled(GOOD, "changed:"),
            Pace(pace)
        ));
    }
    Ok(Exit::Done)
}

fn change_message(journal: &mut dyn Journal, template: &Template, yes: bool) -> Result<Exit> {
    let last = journal.messages()?;
    if Template::new(journal.message(last)?)?.hash() == template.hash() {
        say("the message is that already");
        return Ok(Exit::Done);
    }
    let findings = check_message(journal, template)?;
    plan::tell_findings(&findings);
    if findings
        .iter()
        .any(|finding| finding.weight != Weight::Warning)
    {
        say(styled(BAD, "nothing was changed"));
        return Ok(Exit::Failed);
    }
    let queued = journal.count(&Filter::state(State::Queued))?;
    say(format_args!(
        "{} would get the changed message",
        rows(queued)
    ));
    if !yes && !ask("Change it?") {
        say("nothing was changed; --yes answers the question");
        return Ok(Exit::NotSent);
    }
    journal.change_message(template.json(), template.hash(), &who(), SystemTime::now())?;
    say(format_args!(
        "{} what is sent from now on is the message {}",
        styled(GOOD, "changed:"),
        template.hash()
    ));
    Ok(Exit::Done)
}
