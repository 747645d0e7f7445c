import assert from "node:assert/strict"
import { chmodSync, existsSync, readFileSync } from "node:fs"
import { test } from "node:test"
import { assertRefused } from "../support/assert-refused.ts"
import { ScratchFolder } from "../support/scratch-folder.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({})
const skip = process.platform === "linux" ? false : "the stand-in is systemctl's"
const UNIT = ".config/systemd/user/windfall.service"

/** Stands in for systemctl, which needs a session of systemd: starts and ends what the unit says, as the unit says it. */
const SYSTEMCTL = `#!/bin/sh
echo "$*" >>"$HOME/systemctl.log"
unit="$HOME/${UNIT}"
stop() { [ ! -f "$HOME/unit.pid" ] || { kill "$(cat "$HOME/unit.pid")"; rm "$HOME/unit.pid"; } 2>/dev/null; }
case "$2" in
  restart)
    stop
    eval "setsid $(sed -n 's/^ExecStart=//p' "$unit") >/dev/null 2>>'$HOME/unit.log' &"
    echo $! >"$HOME/unit.pid" ;;
  disable) stop ;;
esac
:
`

function person(home: ScratchFolder, systemctl: string) {
  home.write({ "bin/systemctl": systemctl, "bin/loginctl": "#!/bin/sh\necho no\n" })
  for (const name of ["systemctl", "loginctl"]) chmodSync(home.at("bin", name), 0o755)
  const PATH = `${home.at("bin")}:${process.env.PATH}`
  const env = { HOME: home.path, PATH, WINDFALL_URL: undefined, WINDFALL_TOKEN: undefined, WINDFALL_DATA: undefined }
  return (...args: string[]) => pool().windfall(args, { env: { ...env, XDG_DATA_HOME: undefined } })
}

/** One that is free now; nobody else takes it in the moment between. */
async function freePort(): Promise<string> {
  const { createServer } = await import("node:net")
  const probe = createServer().listen(0, "127.0.0.1")
  await new Promise((resolve) => probe.once("listening", resolve))
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  return String(typeof address === "object" ? address?.port : 0)
}

test("up --at-login hands the server to the system, twice as well as once, proves that it answers, and takes it back", {
  skip,
}, async () => {
  using home = new ScratchFolder()
  const run = person(home, SYSTEMCTL)
  const port = await freePort()
  try {
    assert.equal((await run("up", "--detach", "--port", port)).exitCode, 0)
    for (const round of [1, 2]) {
      const up = await run("up", "--at-login", "--port", port)
      assert.equal(up.exitCode, 0, up.stderr)
      assert.match(up.stdout, /It starts at login: \S+windfall\.service \(a systemd user unit\)\./)
      assert.match(up.stderr, /the server that ran here \(process \d+\) has stopped/)
      assert.match(up.stderr, /has started answers; whether it reaches a host is unproved: it has none yet/)
      assert.match(up.stderr, /it starts when you log in and ends when you log out.*loginctl enable-linger/)
      assert.equal((await run("ps")).exitCode, 0, `round ${round}`)
    }
    assert.doesNotMatch(readFileSync(home.at(UNIT), "utf8") + readFileSync(home.at("unit.log"), "utf8"), /wf_/)
    const steps = readFileSync(home.at("systemctl.log"), "utf8").trim().split("\n")
    const round = [
      "--user show-environment",
      "--user daemon-reload",
      "--user enable windfall.service",
      "--user restart windfall.service",
    ]
    assert.deepEqual(steps, [...round, ...round])
    const off = await run("up", "--at-login", "--off")
    assert.match(off.stdout, /no longer starts at login, and has stopped/)
    assert.equal(existsSync(home.at(UNIT)), false)
    assert.equal((await run("up", "--at-login", "--off")).stdout, "No server starts at login here.\n")
  } finally {
    await run("up", "--at-login", "--off")
    await run("down", "--now")
  }
})

test("options that no server could start with change nothing: the one that runs goes on", { skip }, async () => {
  using home = new ScratchFolder()
  home.write({ "lab.pem": "no certificate", "lab.key": "no key" })
  const run = person(home, SYSTEMCTL)
  const port = await freePort()
  const { createServer } = await import("node:net")
  const other = createServer().listen(0, "127.0.0.1")
  try {
    assert.equal((await run("up", "--detach", "--port", port)).exitCode, 0)
    const [pem, key] = [home.at("lab.pem"), home.at("lab.key")]
    const tls = await run("up", "--at-login", "--port", port, "--tls-cert", pem, "--tls-key", key)
    assertRefused(tls, /Cannot use the certificate .*lab\.pem: it holds no certificate/, /PEM/)
    const unsafe = await run("up", "--at-login", "--port", port, "--bind", "0.0.0.0")
    assertRefused(unsafe, /Cannot listen on 0\.0\.0\.0: tokens would cross the network unencrypted/, /--lan/)
    const address = other.address()
    const taken = typeof address === "object" ? `${address?.port}` : ""
    assertRefused(await run("up", "--at-login", "--port", taken), /something listens there already/, /--port/)
    assert.equal((await run("ps")).exitCode, 0, "the server goes on")
    assert.equal(existsSync(home.at(UNIT)), false)
    assert.match((await run("down")).stdout, /stopped/)
  } finally {
    other.close()
    await run("down", "--now")
  }
})

test("a system that takes no login item is told before anything is changed", { skip }, async () => {
  using home = new ScratchFolder()
  const run = person(home, "#!/bin/sh\necho 'Failed to connect to bus: No medium found' >&2\nexit 1\n")
  const port = await freePort()
  try {
    assert.equal((await run("up", "--detach", "--port", port)).exitCode, 0)
    const refused = await run("up", "--at-login", "--port", port)
    assertRefused(refused, /Failed to connect to bus: No medium found/, /not by su or sudo/)
    assert.equal((await run("ps")).exitCode, 0, "the server goes on")
    assert.equal(existsSync(home.at(".config/systemd")), false)
    assertRefused(await run("up", "--off"), /--off goes with --at-login/, /windfall down/)
    assertRefused(await run("up", "--at-login", "--port", "0"), /nobody would find it/)
  } finally {
    await run("down", "--now")
  }
})
