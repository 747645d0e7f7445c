import { spawn } from "node:child_process"
import { once } from "node:events"
import { createReadStream } from "node:fs"
import { pipeline } from "node:stream/promises"
import type { LabHost } from "../test/lab/lab.ts"

/** Sends as many bytes as a Node has to a lab host, by an ssh of its own: lab hosts see the server's Node and take that. */
export async function sendNode(host: LabHost): Promise<void> {
  const trust = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]
  const login = ["-F", "/dev/null", "-i", host.identityFile, "-p", `${host.port}`, `${host.user}@${host.address}`]
  const ssh = spawn("ssh", [...trust, ...login, "cat >node"], { stdio: ["pipe", "ignore", "inherit"] })
  const ended = once(ssh, "close")
  await pipeline(createReadStream(process.execPath), ssh.stdin)
  const [code] = await ended
  if (code !== 0) throw new Error(`ssh to ${host.name} ended with ${code}`)
}
