import assert from "node:assert/strict"
import { execFileSync, spawnSync } from "node:child_process"
import { chmodSync } from "node:fs"
import { test } from "node:test"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { loginItem } from "./login-item.ts"

const ODD = `an odd "name" & <100%> $HOME 'x' \\`

const itemFor = (platform: NodeJS.Platform, home: string) => {
  const settings = { home, environment: {} }
  const words = ["/usr/bin/env", "--data", `${home}/${ODD}`, "--lan"]
  const program = { words, environment: { PATH: `/bin:${home}/${ODD}` }, home, logFile: `${home}/server.log` }
  return loginItem(platform, 501, settings, program) ?? assert.fail("no item")
}

const hasPython = spawnSync("python3", ["--version"]).status === 0
test("a LaunchAgent is a property list that says what was meant", {
  skip: hasPython ? false : "no python3 here",
}, () => {
  const item = itemFor("darwin", "/Users/anna")
  assert.equal(item.file, "/Users/anna/Library/LaunchAgents/org.windfall.server.plist")
  const read = "import plistlib, json, sys; print(json.dumps(plistlib.loads(sys.stdin.buffer.read())))"
  const plist = JSON.parse(execFileSync("python3", ["-c", read], { input: item.text, encoding: "utf8" }))
  assert.deepEqual(plist.ProgramArguments, ["/usr/bin/env", "--data", `/Users/anna/${ODD}`, "--lan"])
  assert.deepEqual(plist.EnvironmentVariables, { PATH: `/bin:/Users/anna/${ODD}` })
  assert.deepEqual(
    [plist.ProcessType, plist.RunAtLoad, plist.KeepAlive],
    ["Interactive", true, { SuccessfulExit: false }],
  )
  assert.deepEqual([plist.StandardOutPath, plist.StandardErrorPath], ["/dev/null", "/Users/anna/server.log"])
})

test("launchd is told in the domain of the screen, else in that of the account, after what was there was ended", () => {
  const { start, stop, check } = itemFor("darwin", "/Users/anna")
  const said = (steps: typeof start) => steps.map(({ programs }) => programs.map(([, ...args]) => args.join(" ")))
  const plist = "/Users/anna/Library/LaunchAgents/org.windfall.server.plist"
  const ends = [["bootout gui/501/org.windfall.server"], ["bootout user/501/org.windfall.server"]]
  assert.deepEqual(said(check), [["print gui/501", "print user/501"]])
  assert.deepEqual(said(stop), ends)
  assert.deepEqual(said(start), [...ends, [`bootstrap gui/501 ${plist}`, `bootstrap user/501 ${plist}`]])
  assert.ok(stop.every(({ mayFail }) => mayFail))
})

const hasAnalyze = spawnSync("systemd-analyze", ["--version"]).status === 0
const skip = hasAnalyze ? false : "no systemd-analyze here"
test("a systemd user unit is one that systemd reads without a word", { skip }, () => {
  using home = new ScratchFolder()
  const item = itemFor("linux", home.path)
  assert.equal(item.file, home.at(".config/systemd/user/windfall.service"))
  home.write({ "windfall.service": item.text })
  chmodSync(home.path, 0o755)
  const verify = (file: string) => {
    const env = { ...process.env, XDG_RUNTIME_DIR: home.path, HOME: home.path }
    const { status, stderr } = spawnSync("systemd-analyze", ["--user", "verify", file], { encoding: "utf8", env })
    return { status, ours: stderr.split("\n").filter((line) => line.includes("windfall.service")) }
  }
  const { status, ours } = verify(home.at("windfall.service"))
  assert.deepEqual([status, ours], [0, []])
  home.write({ "bad/windfall.service": item.text.replace("KillMode=process", "KillMode=nonsense") })
  assert.notDeepEqual(verify(home.at("bad/windfall.service")).ours, [], "it would say so")
})

test("there is no item where nobody has said how", () => {
  const program = { words: [], environment: {}, home: "/", logFile: "/log" }
  assert.equal(loginItem("win32", 0, { home: "/", environment: {} }, program), undefined)
})
