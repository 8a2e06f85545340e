//! Disks that are full, or can't be written. They are small ones in memory, which only root
//! may make; elsewhere these tests say so and show nothing.

#![allow(clippy::print_stderr, reason = "that nothing is shown must be seen")]

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::campaign::{Campaign, states};

/// A disk in memory on a campaign's folder.
struct Disk {
    folder: PathBuf,
}

impl Disk {
    /// `None` if none can be made here.
    fn under(campaign: &Campaign, mebibytes: u32) -> Option<Self> {
        let folder = campaign.folder.clone();
        let files = ["people.csv", "card.json"].map(|name| (name, fs::read(folder.join(name))));
        let made = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={mebibytes}m"), "tmpfs"])
            .arg(&folder)
            .output();
        if !made.is_ok_and(|made| made.status.success()) {
            eprintln!("not shown: a small disk can't be made here, which root may do");
            return None;
        }
        for (name, content) in files {
            fs::write(folder.join(name), content.unwrap()).unwrap();
        }
        Some(Disk { folder })
    }

    /// Leaves so many KiB free.
    fn fill(&self, free: usize) {
        let left = self.folder.join("left");
        fs::write(&left, vec![1; free << 10]).unwrap();
        let mut filler = File::create(self.folder.join("filler")).unwrap();
        while filler.write_all(&[1; 4096]).is_ok() {}
        fs::remove_file(left).unwrap();
    }

    fn empty(&self) {
        fs::remove_file(self.folder.join("filler")).unwrap();
    }

    fn remount(&self, how: &str) {
        let done = Command::new("mount")
            .args(["-o", &format!("remount,{how}")])
            .arg(&self.folder)
            .status();
        assert!(done.unwrap().success());
    }

    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(&self.folder).unwrap();
        let mut names: Vec<String> = names
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.folder).status();
    }
}

#[test]
fn a_run_waits_for_room_on_the_disk() {
    let campaign = Campaign::new(1000);
    let Some(disk) = Disk::under(&campaign, 24) else {
        return;
    };
    campaign.plan();
    let mut child = campaign.start("resume --pace 100 --progress json");
    campaign.wait_for(20);
    disk.fill(0);
    // It says so each second, and sends nothing more.
    let mut sent = Vec::new();
    let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
    while sent.len() < 3 {
        let line = stderr.next().unwrap().unwrap();
        let Ok(told) = serde_json::from_str::<Value>(&line) else {
            continue;
        };
        if let Some(why) = told["journal"].as_str() {
            assert!(why.contains("the disk is full"), "{why}");
            sent.push(campaign.emulator.posts());
        }
    }
    assert_eq!(sent[1], sent[2]);
    assert!(sent[2] < 1000);
    disk.empty();
    assert!(stderr.all(|line| line.is_ok()));
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(campaign.check(), states(&[("sent", 1000)]));
}

#[test]
fn a_run_ends_when_the_disk_stays_full_and_can_go_on_later() {
    let campaign = Campaign::new(1000);
    let Some(disk) = Disk::under(&campaign, 24) else {
        return;
    };
    campaign.plan();
    let child = campaign.start("resume --pace 100 --progress none --journal-patience 1");
    campaign.wait_for(20);
    disk.fill(0);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(6), "{output:?}");
    let stdout = String::from_utf8(output.stdout).unwrap();
    for text in ["the disk is full", "their rows will be unknown"] {
        assert!(stdout.contains(text), "{stdout}");
    }
    let posts = campaign.emulator.posts();
    let again = campaign.run("resume");
    assert_eq!(again.code, 6, "{again:?}");
    assert!(again.stderr.contains("0 MiB left"), "{again:?}");
    assert_eq!(campaign.emulator.posts(), posts);
    disk.empty();
    let resumed = campaign.run("resume --pace none");
    assert_eq!(resumed.code, 4, "{resumed:?}");
    let stood = campaign.check();
    assert_eq!(stood.values().sum::<usize>(), 1000);
    assert_eq!(stood["sent"] + stood["unknown"], 1000, "{stood:?}");
}

#[test]
fn a_plan_that_has_no_room_leaves_nothing() {
    let campaign = Campaign::new(20_000);
    let Some(disk) = Disk::under(&campaign, 8) else {
        return;
    };
    for free in [0, 256] {
        disk.fill(free);
        let before = disk.names();
        let planned = campaign.run("plan people.csv --message card.json");
        assert_eq!(planned.code, 6, "{planned:?}");
        assert!(planned.stderr.contains("disk is full"), "{planned:?}");
        assert_eq!(disk.names(), before);
        disk.empty();
    }
    campaign.plan();
}

#[test]
fn a_journal_that_cannot_be_written_can_be_looked_at() {
    let campaign = Campaign::new(5);
    let Some(disk) = Disk::under(&campaign, 24) else {
        return;
    };
    campaign.plan();
    disk.remount("ro");
    let resumed = campaign.run("resume");
    assert_eq!(resumed.code, 6, "{resumed:?}");
    assert!(
        resumed.stderr.contains("Read-only file system"),
        "{resumed:?}"
    );
    assert_eq!(campaign.check(), states(&[("queued", 5)]));
    assert_eq!(campaign.emulator.posts(), 0);
    disk.remount("rw");
    assert_eq!(campaign.run("resume").code, 0);
}
