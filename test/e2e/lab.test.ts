import assert from "node:assert/strict"
import { execFile, spawn } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { describe, it } from "node:test"
import { setTimeout as delay } from "node:timers/promises"
import { type Lab, type LabHost, type LabHostOptions, startLab } from "../lab/lab.ts"
import { findLabMode, type LabMode } from "../lab/lab-mode.ts"
import { descendants } from "../lab/processes.ts"

const signal = AbortSignal.timeout(100_000)
const best = await findLabMode()
/** What this account can try; a plain user's modes work for root too, but for bare ports, which need an account for sshd. */
const modes: readonly LabMode[] = best === "root" ? ["root", "user"] : best === "user" ? ["user", "ports"] : ["ports"]

for (const mode of modes) {
  describe(`the lab in mode ${mode}`, { timeout: 600_000 }, () => {
    it("starts hosts from an empty environment with macOS sshd's variables", async () => {
      await using lab = await startLab({ hosts: 1, mode, signal })
      const host = first(lab)
      const variables = await ssh(host, "/usr/bin/env")
      const names = variables.split("\n").map((line) => line.split("=")[0])
      // What the login shell itself adds is no leak.
      const expected = [
        "HOME",
        "USER",
        "LOGNAME",
        "SHELL",
        "PATH",
        "MAIL",
        "SSH_CLIENT",
        "SSH_CONNECTION",
        "PWD",
        "SHLVL",
        "_",
      ]
      assert.deepEqual(
        names.filter((name) => !expected.includes(name ?? "")),
        [],
      )
      assert.match(variables, /^PATH=\/usr\/bin:\/bin:\/usr\/sbin:\/sbin$/m)
      assert.match(variables, new RegExp(`^HOME=${host.home}$`, "m"))
    })

    it("cuts a host off and lets it come back, with its connections", async () => {
      await using lab = await startLab({ hosts: 1, mode, signal })
      const host = first(lab)
      await host.cut()
      const answer = ssh(host, "echo through")
      await host.restore()
      assert.equal(await answer, "through")
    })

    it("slows a host down to what its cable is shaped to", async () => {
      await using lab = await startLab({ hosts: 1, mode, signal })
      const host = first(lab)
      await host.shape(8)
      const startedMs = performance.now()
      assert.equal((await ssh(host, "head -c 2000000 /dev/zero")).length, 2_000_000)
      const mbit = 16 / ((performance.now() - startedMs) / 1000)
      assert.ok(mbit < 10, `it went at ${mbit} Mbit/s`)
    })

    it("restarts a host: what runs is gone, what is on disk stays", async () => {
      await using lab = await startLab({ hosts: 1, mode, signal })
      const host = first(lab)
      const bootId = "cat /proc/sys/kernel/random/boot_id"
      const before = await ssh(host, `echo kept >file; (sleep 1000 >/dev/null 2>&1 </dev/null &); ${bootId}`)
      assert.match(processList(host), /sleep 1000/)
      await host.restart()
      assert.doesNotMatch(processList(host), /sleep 1000/)
      const after = await ssh(host, `cat "$HOME/file" file 2>/dev/null | head -n 1; ${bootId}`)
      if (lab.apart) assert.notEqual(after.split("\n").at(-1), before)
      assert.match(after, lab.apart ? /^kept/ : /./)
    })

    it("puts a host to sleep: nothing runs on until it wakes", async () => {
      await using lab = await startLab({ hosts: 1, mode, signal })
      const host = first(lab)
      await host.write("count.sh", 'while :; do echo tick >>"$1"; sleep 0.02; done\n')
      await ssh(host, `(/bin/sh ${host.home}/count.sh ${host.home}/ticks >/dev/null 2>&1 </dev/null &)`)
      await host.sleep()
      const states = descendants(host.pid).map(({ pid }) => stateOf(pid))
      assert.ok(states.filter((state) => state === "T").length >= 2, states.join())
      const answer = ssh(host, "echo awake")
      await host.wake()
      assert.equal(await answer, "awake")
    })

    it("leaves nothing: no process, no folder, also when a start fails or the lab is killed", async () => {
      const lab = await startLab({ hosts: 2, mode, signal })
      const pids = lab.hosts.flatMap((host) => [host.pid, ...descendants(host.pid).map(({ pid }) => pid)])
      await lab[Symbol.asyncDispose]()
      assert.ok(!existsSync(lab.folder))
      assert.deepEqual(pids.filter(isAlive), [])

      const stopped = new AbortController()
      const failing = startLab({ hosts: 3, mode, signal: stopped.signal })
      stopped.abort(new Error("stopped"))
      await assert.rejects(failing, { message: "stopped" })

      const child = await startInChild(mode)
      process.kill(child.pid, "SIGKILL")
      // Nobody is left to tell when it is done.
      while (existsSync(child.folder) || child.pids.some(isAlive)) await delay(20, undefined, { signal })
    })
  })
}

describe("a host with namespaces", { timeout: 600_000 }, () => {
  const startOne = (host: LabHostOptions) => startLab({ hosts: [host], signal })

  it("has a name, a home and processes of its own, and sees nothing of the machine's homes", async (t) => {
    if (best === "ports") return t.skip("this account may not make namespaces here")
    await using lab = await startOne({ name: "alba" })
    const host = first(lab)
    assert.equal(await ssh(host, "hostname; ls /home"), `alba\n${host.user}`)
    assert.ok((await ssh(host, "ls /proc | grep -c '^[0-9]'")).length <= 2)
  })

  it("has a disk that fills up and is emptied again", async (t) => {
    if (best === "ports") return t.skip("this account may not make namespaces here")
    await using lab = await startOne({ diskBytes: 8 * 1024 * 1024 })
    const host = first(lab)
    host.fillDisk()
    assert.match(
      await ssh(host, `echo x >${host.home}/more 2>&1 || echo refused; echo data >${host.home}/more || :`),
      /refused|No space/,
    )
    host.freeDisk()
    assert.equal(await ssh(host, "head -c 4000000 /dev/zero >big && wc -c <big"), "4000000")
  })

  it("looks like a Mac to who asks it", async (t) => {
    if (best === "ports") return t.skip("this account may not make namespaces here")
    await using lab = await startOne({ kind: "mac" })
    const host = first(lab)
    assert.equal(
      await ssh(host, "uname -sm; sw_vers -productVersion; sysctl -n hw.model"),
      "Darwin arm64\n26.1\nMac15,14",
    )
    assert.equal(await ssh(host, "sysctl -i no.such.key; echo $?"), "0")
    assert.equal(await ssh(host, "command -v sha256sum nproc || echo none"), "none")
    for (const absent of ["setsid true", "timeout 1 true", "flock /tmp/x true", "nohup true"]) {
      assert.match(await ssh(host, `${absent} || echo failed with $?`), /failed with 127/)
    }
    assert.deepEqual(
      host.mac.records("absent").map(({ words }) => words[0]),
      ["setsid", "timeout", "flock", "nohup"],
    )
    assert.equal(await ssh(host, "ls -d /proc /sys 2>/dev/null; cd; pwd"), host.home)
  })

  for (const shell of ["/usr/bin/fish", "/bin/tcsh", "/bin/zsh", "/bin/bash"]) {
    it(`runs commands through the login shell ${shell}`, async (t) => {
      if (best === "ports") return t.skip("this account may not make namespaces here")
      if (!existsSync(shell)) return t.skip(`${shell} is not installed`)
      await using lab = await startOne({ shell })
      assert.equal(await ssh(first(lab), "exec /bin/sh -s", "echo $0 says $((6 * 7))\n"), "/bin/sh says 42")
    })
  }
})

function first(lab: Lab): LabHost {
  return lab.hosts[0] as LabHost
}

/** Runs a command on a host and returns what it printed, without the last line end. */
function ssh(host: LabHost, command: string, stdin = ""): Promise<string> {
  const options = ["-F", "/dev/null", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR"]
  const known = ["-o", "UserKnownHostsFile=/dev/null", "-i", host.identityFile, "-p", `${host.port}`]
  return new Promise((resolve, reject) => {
    const child = execFile(
      "ssh",
      [...options, ...known, `${host.user}@${host.address}`, command],
      { maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout.replace(/\n$/, ""))
        else reject(new Error(`${stderr}${stdout}`))
      },
    )
    child.stdin?.end(stdin)
  })
}

function processList(host: LabHost): string {
  return host
    .processes()
    .map(({ command }) => command)
    .join("\n")
}

function stateOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
    return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3)
  } catch {
    return ""
  }
}

/** Whether a process runs; one that only waits to be reaped does not. */
function isAlive(pid: number): boolean {
  return !["", "Z", "X"].includes(stateOf(pid))
}

/** A lab in a process of its own, to be killed. */
async function startInChild(mode: LabMode): Promise<{ pid: number; folder: string; pids: number[] }> {
  const script = `
    import { startLab } from ${JSON.stringify(join(import.meta.dirname, "../lab/lab.ts"))}
    const lab = await startLab({ hosts: 1, mode: ${JSON.stringify(mode)} })
    console.log(lab.folder)
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] })
  for await (const folder of createInterface({ input: child.stdout })) {
    const pid = child.pid ?? 0
    child.stdout.destroy()
    return { pid, folder, pids: descendants(pid).map((process) => process.pid) }
  }
  throw new Error("the lab did not start")
}
