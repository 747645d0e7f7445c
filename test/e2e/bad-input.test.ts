import assert from "node:assert/strict"
import { test } from "node:test"
import { assertRefused } from "../support/assert-refused.ts"
import type { Ended } from "../support/child.ts"
import { ScratchFolder } from "../support/scratch-folder.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ local: 1 })

async function jobCount(): Promise<number> {
  const { stdout } = await pool().windfall(["ps", "--user", "all", "--all", "--limit", "10000", "--json"])
  return stdout.split("\n").length - 1
}

test("bad input is refused with exit code 2, a reason and a hint, and changes nothing", async () => {
  const before = await jobCount()
  const cases: [args: string[], message: RegExp, hint?: RegExp][] = [
    [["send", "--time", "30", "--", "true"], /"30" has no unit: write 30m for minutes .* or 30s for seconds/],
    [["send", "--memory", "48", "--", "true"], /"48" has no unit: write 48G/],
    [["send", "--memroy", "4G", "--", "true"], /--memroy: there is no such option/, /Did you mean --memory\?/],
    [["send"], /there is no command/, /windfall send -- python/],
    [["send", "--name", "12", "--", "true"], /made of digits alone/, /For instance: train-12$/m],
    [["send", "--name", "a b", "--", "true"], /"a b": a name has/, /For instance: a-b$/m],
    [["send", "--host", "nowhere", "--", "true"], /nowhere/],
    [["send", "--memory", "900T", "--", "true"], /900 TB/, /host ls/],
    [["send", "--secret", "NOT_STORED", "--", "true"], /NOT_STORED/, /windfall secret set/],
    [["send", "--env", "NOT_SET_HERE", "--", "true"], /NOT_SET_HERE from here: it is not set/],
    [["send", "--env", "1X=2", "--", "true"], /"1X"/, /for instance _1X=1$/m],
    [["send", "--env", "A B=1", "--", "true"], /"A B": a name has/, /for instance A_B=1$/m],
    [["send", "--env", "=x", "--", "true"], /variable "": a name has/, /NAME=VALUE/],
    [["send", "--env", "WINDFALL_X=1", "--", "true"], /Windfall's own/, /docs\/job-environment\.md/],
    [["send", "--stop-signal", "SIGFOO", "--", "true"], /"SIGFOO" is not one of SIGTERM/, /--stop-signal SIG/],
    [["send", "--", ""], /the program, is empty/, /windfall send -- python/],
    [["send", "--output", "../x", "--", "true"], /"\.\.\/x" home: it lies outside the folder/, /into its folder/],
    [["host", "bench", "alpha", "--time", "300ms"], /"300ms" is too short to measure a link.* 1s at least/],
    [["send", "--time", "0s", "--", "true"], /"0s" is too short/],
    [["send", "--retry-after-silence", "1h", "--", "true"], /--retry-after-silence alone/, /--retry 1/],
    [["send", "--retry", "2", "--once", "--", "true"], /--once and --retry/],
    [["send", "--stdin=missing.txt", "--", "cat"], /missing.txt/, /--stdin=FILE/],
    [["send", "--folder", "missing", "--", "true"], /missing: there is no such folder/, /--folder DIR/],
    [["send", "--include", "../up", "--", "true"], /"\.\.\/up"/],
    [["send", "--include", "nosuch", "--", "true"], /include nosuch: there is no nosuch in \//, /top of the folder/],
    [["send", "--include", ".git", "--", "true"], /include \.git: \.git never travels/, /recorded with the job/],
    [
      ["send", "--no-folder", "--include", "x", "--", "true"],
      /include x: with --no-folder nothing travels/,
      /Leave --no-folder out/,
    ],
    [["send", "--gpu", "7", "--", "true"], /7 is out of range/],
    [["frobnicate"], /there is no such command/, /windfall --help/],
    [["sbatch", "job.sh"], /there is no such command/, /windfall send --detach/],
    [["sacct"], /there is no such command/],
    [["lgos", "1"], /there is no such command/, /windfall logs/],
    [["host"], /say what to do/, /windfall host add/],
    [["show", "987654"], /987654/, /windfall ps --all/],
    [["login", "ftp://x"], /ftp:\/\/x: it must begin with http/, /windfall login http:/],
    [["user", "add", "admin"], /admin: there is one already/, /windfall token create admin/],
    [["user", "rm", "admin", "--yes"], /nobody else has the admin role/, /windfall user add NAME --role admin/],
    [["secret", "rm", "NOPE"], /NOPE: you have none/, /windfall secret ls/],
    [["secret", "set", "EMPTY"], /EMPTY: its value is empty/, /windfall secret set EMPTY < FILE/],
    [["send", "--quiet=1", "--", "true"], /--quiet takes no value/, /Write --quiet alone/],
    [["stop", "1", "--now", "--grace", "1m"], /--now kills at once/, /Leave --now out/],
    [["logs", "no-such-name"], /no-such-name/, /windfall ps --all/],
    [["stop", "987654"], /987654/],
    [["attach"], /JOB is missing/],
    [
      ["login", "http://127.0.0.1:1", "--ca", "nope"],
      /^Cannot read nope: there is no such file$/m,
      /BEGIN CERTIFICATE/,
    ],
    [["login", "http://127.0.0.1:1", "--ca", "."], /^Cannot read \.: it is a folder$/m, /BEGIN CERTIFICATE/],
    [["show", "1", "2"], /one word too many/],
    [["ps", "-u", "nobody"], /jobs of "nobody": there is no such user/, /windfall user ls/],
    [["ps", "--state", "happy"], /happy/, /queued/],
    [["apply"], /windfall.yml: there is no such file/],
    [["token", "revoke", "nope"], /nope/, /windfall token ls/],
    [["token", "create", "--role", "boss"], /a role is user or admin/],
    [["user", "rm", "nobody-here", "--yes"], /nobody-here/, /windfall user ls/],
    [["send", "--grace", "400d", "--", "true"], /--grace 400d: "400d" is too long: 1d at most/, /--grace DURATION: /],
    [["send", "--time", "99999d", "--", "true"], /--time 99999d: .* 366d at most/, /--time DURATION: /],
    [["send", "--env", "TOK=x", "--secret", "TOK", "--", "true"], /--env TOK and --secret TOK/, /Leave --env out/],
    [
      ["token", "create", "--expires", "10ms"],
      /--expires 10ms: "10ms" is too short: 1s or more/,
      /--expires DURATION: /,
    ],
    [["stop", "1", "--grace", "2d"], /--grace 2d: "2d" is too long: 1d at most/],
    [["kill", "-9", "5"], /-9: there is no such option/, /Here it is: windfall stop --now 5$/m],
    [["kill", "-INT", "5", "6"], /-INT: there is no such option/, /Here it is: windfall stop --signal INT 5 6$/m],
    [["apply", "-f", "."], /Cannot read \.: it is a folder/, /apply -f windfall\.yml/],
    [["secret", "set", "WINDFALL_JOB"], /secret WINDFALL_JOB: names that start with WINDFALL_/, /choose another/],
    [["secret", "set", "A=B"], /command line: others could see it/],
    [["up", "--keep-logs", "30"], /"30" has no unit/],
    [["host", "add", "-oProxyCommand=x"], /no such option/],
    [["host", "add", "nobody@127.0.0.1", "--port", "1"], /127\.0\.0\.1/],
  ]
  const answers = await Promise.all(cases.map(([args]) => pool().windfall(args)))
  // Whatever is refused says what to type instead.
  for (const [i, [, message, hint = /^\n {2}\S/]] of cases.entries()) assertRefused(answers[i] as Ended, message, hint)
  assert.equal(await jobCount(), before)
})

test("a secret's value on the command line is refused, and not repeated", async () => {
  for (const args of [["T2", "hunter-22"], ["hunter-22"], ["T2=hunter-22"]]) {
    const refused = await pool().windfall(["secret", "set", ...args])
    assertRefused(refused, /secret/, /Type only the name/)
    assert.doesNotMatch(refused.stderr, /hunter/)
  }
})

test("nothing of a folder travels for a job that the server would refuse, and a dry run says so", async () => {
  using project = new ScratchFolder()
  project.write({
    "data.bin": "of no other folder".repeat(1_000),
    "input.txt": "for the standard input alone",
    "jobs.yml": "command: [cat, data.bin]\n---\ncommand: ['true']\nhost: nowhere\n",
  })
  const inProject = { cwd: project.path }
  const held = ["send", "-q", "--no-folder", "--detach", "--name", "held", "--", "sleep", "60"]
  assert.equal((await pool().windfall(held)).exitCode, 0)
  const cases: [args: string[], message: RegExp][] = [
    [["send", "--host", "nowhere", "--", "true"], /nowhere/],
    [["send", "-w", "nowhere", "--dry-run", "--", "true"], /nowhere/],
    [["send", "--memory", "900T", "--", "true"], /900 TB/],
    [["send", "--name", "held", "--", "true"], /held/],
    [["send", "--host", "nowhere", "--stdin=input.txt", "--", "cat"], /nowhere/],
    [["apply", "-f", "jobs.yml"], /job 2 of 2/],
    [["apply", "-f", "jobs.yml", "--dry-run"], /job 2 of 2/],
  ]
  for (const [args, message] of cases) {
    const refused = await pool().windfall(args, inProject)
    assertRefused(refused, message)
    assert.doesNotMatch(refused.stderr, /sending/)
  }
  await pool().windfall(["stop", "held", "--now"])
  const { stdout } = await pool().windfall(["send", "--dry-run", "--json", "--", "true"], inProject)
  const { files, travels } = JSON.parse(stdout)
  assert.equal(travels.files, files)
})
