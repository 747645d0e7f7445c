import { parseAccessGroup } from "../facts/access-group.ts"
import { item, notKnown, ok, problem, warning } from "./item.ts"

const SHARING = "System Settings > General > Sharing > Remote Login"

/**
 * `launchctl print-disabled system` tells what holds from the next start on; that it holds now is plain from the answer having come.
 * The command line's way to switch it on is in launchctl(1); systemsetup(8) would need Full Disk Access.
 */
export const remoteLogin = item("remote_login", (look) => {
  const isOn = look.truth("launchctl-print-disabled", "isRemoteLoginOn")
  if (!isOn.known) return notKnown("whether Remote Login is on after the next start", isOn.why)
  if (isOn.value) return ok("Remote Login is on, also after a restart")
  return problem(
    "Remote Login is switched off: this connection still stands, and after it ends or the Mac restarts there is none",
    `There: sudo launchctl enable system/com.openssh.sshd && sudo launchctl bootstrap system /System/Library/LaunchDaemons/ssh.plist   or ${SHARING}`,
  )
})

/** Members of com.apple.access_ssh may log in; where there is no such group, all may. */
export const remoteLoginAccess = item("remote_login_access", (look, { user }) => {
  const output = look.output("dscl-access_ssh")
  const isMissing = output?.outcome === "ended" && !output.isCut && /\(eDSRecordNotFound\)\s*$/.test(output.stderr)
  if (isMissing && output.stdout === "" && output.exitCode !== 0) {
    return warning(
      "every account of this Mac may log in by ssh",
      `Where that is not wanted: ${SHARING} (i) > Allow access for: Only these users, with ${user} among them`,
    )
  }
  const failure = look.failureOf("dscl-access_ssh")
  if (failure !== null) return notKnown("who may log in by ssh", failure)
  const group = parseAccessGroup(output?.stdout ?? "")
  if (group === null) return notKnown("who may log in by ssh", "what dscl printed is damaged or cut")
  const count = group.members.length
  const who = [
    group.hasAdministrators && "administrators",
    count > 0 && `${count === 1 ? "one account" : `${count} accounts`} by name`,
  ].filter((one) => one !== false)
  if (who.length === 0) return notKnown("who may log in by ssh", "the group has members of a kind that is not read")
  return ok(`only some may log in by ssh: ${who.join(" and ")}`)
})

/**
 * Without "Allow full disk access for remote users" a session over ssh may not read what macOS protects, nor mostly other volumes.
 * That is needed only where data lies in such places.
 */
export const fullDiskAccess = item("full_disk_access", (look, { hasPlaces }) => {
  const output = look.output("ls-protected")
  const isRefused =
    output?.outcome === "ended" && output.stdout === "" && /: Operation not permitted\s*$/.test(output.stderr)
  if (isRefused) {
    const text =
      "jobs cannot read Desktop, Documents and Downloads, nor mostly external and network volumes: ssh has no Full Disk Access"
    if (!hasPlaces) return ok(`${text}. Only data that lies there would need it`)
    return warning(
      `${text}, and this host has places of data`,
      `If such a place cannot be read: ${SHARING} (i) > Allow full disk access for remote users. It holds for connections made from then on`,
    )
  }
  const has = look.truth("ls-protected", "hasFullDiskAccess")
  if (!has.known) return notKnown("whether ssh has Full Disk Access", has.why)
  return ok("ssh has Full Disk Access: jobs can read protected folders of their account, and other volumes")
})

const FIREWALL_FIX =
  "Let jobs listen on 127.0.0.1 and reach them by windfall forward; or let its owner allow the program once: sudo /usr/libexec/ApplicationFirewall/socketfilterfw --add PROGRAM --unblockapp PROGRAM"

export const firewall = item("firewall", (look) => {
  const isOn = look.truth("socketfilterfw-state", "isFirewallOn")
  if (!isOn.known) return notKnown("whether the application firewall is on", isOn.why)
  if (!isOn.value) return ok("the application firewall is off: jobs that listen raise no question on the screen")
  return warning(
    "the application firewall is on: a job that listens on more than 127.0.0.1 makes macOS ask on its owner's screen, and is not reached before somebody answers",
    FIREWALL_FIX,
  )
})

export const stealthMode = item("stealth_mode", (look) => {
  const isOn = look.truth("socketfilterfw-stealth", "isStealthModeOn")
  if (!isOn.known) return notKnown("whether stealth mode is on", isOn.why)
  if (!isOn.value) return ok("stealth mode is off: closed ports are refused, pings are answered")
  return warning(
    "stealth mode is on: pings and closed ports are not answered, so that it looks as if it were off when ssh does not answer, and what tries a port waits until it gives up",
    "If others must see whether it is on: sudo /usr/libexec/ApplicationFirewall/socketfilterfw --setstealthmode off",
  )
})

const UPDATES = "System Settings > General > Software Update > Automatic updates (i)"

export const automaticUpdates = item("automatic_updates", (look) => {
  const does = look.truth("plutil-update", "installsMacosItself")
  if (!does.known) return notKnown("whether it installs new versions of macOS by itself", does.why, `See ${UPDATES}`)
  if (!does.value) return ok("new versions of macOS are installed only when somebody does it")
  return warning(
    "it installs new versions of macOS by itself, mostly at night: it restarts then, and jobs that run are lost",
    `${UPDATES} > Install macOS updates: off; update when nothing runs (windfall host drain first)`,
  )
})
