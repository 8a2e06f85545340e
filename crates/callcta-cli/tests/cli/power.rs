//! A power cut while a campaign runs: what was written and not synced may be gone, and
//! nobody gets the message twice.
//!
//! The program runs under strace, which tells what it wrote, synced and sent, in order. It
//! is killed at some moment, and the disk is put into a state that a power cut at that
//! moment could have left.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use callcta_campaign::{Access, Filter, Journal as _, SqliteJournal, State};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::campaign::{Campaign, Dice};

const JOURNAL: &str = "a journal";

/// What a disk keeps or loses together.
const SECTOR: usize = 512;

/// How many sends of a run are looked at closely.
const LOOKED_AT: usize = 15;

/// A file as the program sees it, and as the disk has it.
#[derive(Clone, Default)]
struct Kept {
    synced: Vec<u8>,
    /// Since then.
    pending: Vec<Change>,
    /// Whether its name is on the disk.
    named: bool,
    /// Removed, which the disk may not know yet.
    removed: bool,
}

#[derive(Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Length(usize),
}

/// The files of a journal on a disk with a cache.
struct Disk {
    folder: PathBuf,
    files: BTreeMap<String, Kept>,
}

impl Disk {
    /// All that is there is on the disk.
    fn new(folder: &Path) -> Self {
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            if is_kept(&name) {
                let kept = Kept {
                    synced: fs::read(entry.path()).unwrap(),
                    named: true,
                    ..Kept::default()
                };
                files.insert(name, kept);
            }
        }
        Disk {
            folder: fs::canonicalize(folder).unwrap(),
            files,
        }
    }

    fn name(&self, path: &str) -> Option<String> {
        let name = Path::new(path).strip_prefix(&self.folder).ok()?;
        let name = name.to_str()?;
        is_kept(name).then(|| name.to_owned())
    }

    fn change(&mut self, path: &str, change: Change) {
        if let Some(name) = self.name(path) {
            let file = self.files.entry(name).or_default();
            file.pending.push(change);
        }
    }

    fn sync(&mut self, path: &str) {
        if Path::new(path) == self.folder {
            self.files.retain(|_, file| !file.removed);
            for file in self.files.values_mut() {
                file.named = true;
            }
        } else if let Some(name) = self.name(path)
            && let Some(file) = self.files.get_mut(&name)
        {
            file.synced = file.content(&mut || true);
            file.pending.clear();
        }
    }

    /// The files after a cut; `survives` says of each unsynced change whether it does.
    fn cut(&self, survives: &mut dyn FnMut() -> bool) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        for (name, file) in &self.files {
            let is_there = if file.removed {
                !survives()
            } else {
                file.named || survives()
            };
            if is_there {
                files.insert(name.clone(), file.content(survives));
            }
        }
        files
    }
}

impl Kept {
    fn content(&self, survives: &mut dyn FnMut() -> bool) -> Vec<u8> {
        let mut content = self.synced.clone();
        for change in &self.pending {
            match change {
                Change::Length(length) => {
                    if survives() {
                        content.resize(*length, 0);
                    }
                }
                Change::Write(at, bytes) => {
                    let mut at = *at;
                    let mut rest = bytes.as_slice();
                    while !rest.is_empty() {
                        let (part, others) = rest.split_at(rest.len().min(SECTOR - at % SECTOR));
                        if survives() {
                            let end = at + part.len();
                            content.resize(content.len().max(end), 0);
                            content[at..end].copy_from_slice(part);
                        }
                        at += part.len();
                        rest = others;
                    }
                }
            }
        }
        content
    }
}

/// The memory that processes share is gone with the machine.
fn is_kept(name: &str) -> bool {
    name.starts_with(JOURNAL) && !name.ends_with("-shm")
}

/// Puts files where the journal is. The journal's own stays the same file.
fn put(folder: &Path, files: &BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.starts_with(JOURNAL) && !files.contains_key(&name) {
            fs::remove_file(folder.join(name)).unwrap();
        }
    }
    for (name, content) in files {
        fs::write(folder.join(name), content).unwrap();
    }
}

/// A system call, whose texts are decoded.
struct Call<'a> {
    name: &'a str,
    /// The path behind the first file descriptor or in the first text.
    path: String,
    /// The first text that isn't a path.
    text: Vec<u8>,
    arguments: &'a str,
    result: Option<i64>,
}

fn decode(text: &str) -> Vec<u8> {
    let digits = text.split("\\x").skip(1);
    digits
        .map(|digits| u8::from_str_radix(digits, 16).unwrap())
        .collect()
}

fn between<'a>(text: &'a str, from: &str, to: char) -> Option<&'a str> {
    let (_, rest) = text.split_once(from)?;
    Some(rest.split_once(to)?.0)
}

impl<'a> Call<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let (name, arguments) = line.split_once('(')?;
        let result = line.rsplit_once(" = ").and_then(|(_, result)| {
            let number = result.split(['<', ' ']).next()?;
            number.parse().ok()
        });
        let text = between(arguments, "\"", '"')
            .map(decode)
            .unwrap_or_default();
        let path = match name {
            "unlink" => text.clone(),
            "openat" => decode(between(line.rsplit_once(" = ")?.1, "<", '>')?),
            _ => between(arguments, "<", '>').map(decode).unwrap_or_default(),
        };
        Some(Call {
            name,
            path: String::from_utf8_lossy(&path).into_owned(),
            text,
            arguments,
            result,
        })
    }

    /// The last argument.
    fn last(&self) -> usize {
        let arguments = self.arguments.rsplit_once(')').unwrap().0;
        let last = arguments.rsplit(", ").next().unwrap();
        last.trim().parse().unwrap()
    }
}

/// Plays what strace wrote down on a disk. `sends` is called for each row that is about to
/// leave the machine.
fn play(log: &str, disk: &mut Disk, sends: &mut dyn FnMut(&Disk, i64)) {
    let mut unfinished: BTreeMap<&str, &str> = BTreeMap::new();
    for line in log.lines() {
        let (process, line) = line.split_once(' ').unwrap();
        let line = line.trim_start();
        let whole;
        let mut begins = true;
        let mut ends = true;
        let line = if let Some(begun) = line.strip_suffix("<unfinished ...>") {
            unfinished.insert(process, begun);
            ends = false;
            begun
        } else if let Some((_, rest)) = line
            .strip_prefix("<... ")
            .and_then(|rest| rest.split_once(" resumed>"))
        {
            begins = false;
            whole = format!("{}{rest}", unfinished.remove(process).unwrap());
            &whole
        } else {
            line
        };
        let Some(call) = Call::read(line) else {
            continue;
        };
        if begins && ["sendto", "write", "writev", "sendmsg"].contains(&call.name) {
            let text = String::from_utf8_lossy(&call.text);
            if let Some((_, rest)) = text.split_once("\"callcta:") {
                let key = rest.split('"').next().unwrap();
                let row = key.split(':').nth(1).unwrap().parse().unwrap();
                sends(disk, row);
            }
        }
        if !ends || call.result.is_none_or(|result| result < 0) {
            continue;
        }
        match call.name {
            // Only the lock file is written so, from its beginning.
            "write" => disk.change(&call.path, Change::Write(0, call.text)),
            "pwrite64" => disk.change(&call.path, Change::Write(call.last(), call.text.clone())),
            "ftruncate" => disk.change(&call.path, Change::Length(call.last())),
            "fsync" | "fdatasync" => disk.sync(&call.path),
            "unlink" => {
                if let Some(name) = disk.name(&call.path)
                    && let Some(file) = disk.files.get_mut(&name)
                {
                    file.removed = true;
                }
            }
            "openat" if call.arguments.contains("O_CREAT") => {
                if let Some(name) = disk.name(&call.path) {
                    disk.files.entry(name).or_default().removed = false;
                }
            }
            _ => {}
        }
    }
}

/// The rows that a journal with these files has in flight, or knows the end of.
fn claimed(files: &BTreeMap<String, Vec<u8>>, scratch: &Path) -> Vec<i64> {
    fs::create_dir_all(scratch).unwrap();
    put(scratch, files);
    let mut journal = SqliteJournal::open(scratch.join(JOURNAL), Access::Look).unwrap();
    let mut rows = Vec::new();
    journal
        .list(&Filter::default(), &mut |recipient| {
            if recipient.state != State::Queued {
                rows.push(recipient.id);
            }
            Ok(true)
        })
        .unwrap();
    rows
}

#[test]
fn a_power_cut_loses_nothing_and_sends_nothing_twice() {
    let mut dice = Dice::new();
    let people = 600;
    let cuts = 4;
    let campaign = Campaign::new(people);
    campaign.plan();
    let log = campaign.path("log");
    let scratch = campaign.path("scratch");
    let mut looked_at = 0;
    for cut in 0..cuts {
        let mut disk = Disk::new(&campaign.folder);
        let before = campaign.emulator.messages().len();
        let program =
            campaign.command("resume --pace 300 --progress none", &["--journal", JOURNAL]);
        let mut strace = Command::new("strace");
        strace
            .args(["-f", "-qq", "-xx", "-y", "-s", "1000000", "--seccomp-bpf", "-o"])
            .arg(&log)
            .args(["-e", "signal=none", "-e"])
            .arg(
                "trace=openat,write,pwrite64,ftruncate,fsync,fdatasync,unlink,sendto,sendmsg,writev",
            )
            .arg(program.get_program())
            .args(program.get_args())
            .current_dir(&campaign.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => strace.env(name, value),
                None => strace.env_remove(name),
            };
        }
        let mut strace = strace.spawn().expect("this test needs strace");
        campaign.wait_for(before + 10 + dice.below(people / (cuts + 2)));
        let holder = fs::read_to_string(campaign.path("a journal.lock")).unwrap();
        let holder: serde_json::Value = serde_json::from_str(&holder).unwrap();
        let program = i32::try_from(holder["pid"].as_i64().unwrap()).unwrap();
        kill(Pid::from_raw(program), Signal::SIGKILL).unwrap();
        strace.wait().unwrap();

        // No byte of a row left before the disk had it in flight.
        let mut left = LOOKED_AT;
        let wait = dice.below(10);
        let mut sends = 0;
        play(
            &fs::read_to_string(&log).unwrap(),
            &mut disk,
            &mut |disk, row| {
                sends += 1;
                if sends > wait && left > 0 {
                    left -= 1;
                    let rows = claimed(&disk.cut(&mut || false), &scratch);
                    assert!(rows.contains(&row), "row {row} left too early");
                }
            },
        );
        assert!(sends >= 10, "{sends}");
        looked_at += LOOKED_AT - left;

        // Nothing unsynced survived, all of it, or some sectors.
        let some = disk.cut(&mut || dice.below(2) == 0);
        let nothing = disk.cut(&mut || false);
        let all = disk.cut(&mut || true);
        let states = [all, some, nothing];
        for turn in 0..states.len() {
            put(&campaign.folder, &states[(turn + cut) % states.len()]);
            let stood = campaign.check();
            assert_eq!(stood.values().sum::<usize>(), people, "{stood:?}");
        }
        // The checks took in what had to be: go on from the state that was checked last.
        put(&campaign.folder, &states[(2 + cut) % states.len()]);
    }
    assert!(looked_at > 20, "{looked_at}");
    let ended = campaign.run("resume --pace none");
    assert_eq!(ended.code, 4, "{ended:?}");
    campaign.check_ended(people);
}
