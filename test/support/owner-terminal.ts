import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import type { MacInvite } from "../../src/protocol/lending.ts"
import type { LabHost } from "../lab/lab.ts"
import { Child } from "./child.ts"

/** This machine, as a host of the lab (mode `root`) sees it. */
export function gatewayOf({ address }: LabHost): string {
  return address.replace(/\d+$/, "1")
}

/** A lab's hosts know their own network only: gives one the way to where the server of an invitation says it is. */
export function letReachServer(host: LabHost, { line }: MacInvite): void {
  const { hostname } = new URL(/https:\S+/.exec(line)?.[0] ?? "")
  const route = ["ip", "route", "replace", hostname, "via", gatewayOf(host)]
  execFileSync("nsenter", ["--net", "--target", `${host.pid}`, ...route])
}

/** The owner at Terminal on the machine, who has pasted a line. The caller disposes of it. */
export function openTerminal(host: LabHost, line: string, knownHostsFile: string): Child {
  writeFileSync(knownHostsFile, `host ${host.hostKey}\n`)
  const options = ["-o", `UserKnownHostsFile=${knownHostsFile}`, "-o", "HostKeyAlias=host", "-o", "LogLevel=ERROR"]
  const login = ["-F", "/dev/null", "-i", host.identityFile, ...options, `${host.user}@${host.address}`]
  return new Child("ssh", ["-tt", ...login, line], { openInput: true })
}
