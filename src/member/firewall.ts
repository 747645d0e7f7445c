import { execFile } from "node:child_process"
import { existsSync } from "node:fs"
import { realpath } from "node:fs/promises"
import type { FoundEngine } from "./find-engine.ts"
import { Loss } from "./loss.ts"
import type { MemberContext } from "./member-context.ts"

const FIREWALL = "/usr/libexec/ApplicationFirewall/socketfilterfw"
const CODESIGN = "/usr/bin/codesign"
const ANSWER_MS = 10_000

/** What the firewall's and codesign's commands print, also where they fail; "" where there is no such command. */
export type Ask = (program: string, words: readonly string[]) => Promise<string>

/**
 * Before a program listens on more than loopback: macOS asks whoever is before the screen whether it may, unless its firewall is off, lets it
 * already, or lets all that known developers have signed and one of them has signed it. Nothing is asked where that cannot be ruled out.
 * @param programs absolute; Node itself where this process is to listen
 * @throws {Loss} `firewall_asks`, with the command by which an administrator of the Mac lets the program
 */
export async function refuseWhereFirewallAsks(
  { rank, places }: Pick<MemberContext, "rank" | "places">,
  programs: readonly string[],
): Promise<void> {
  if (programs.length === 0 || !existsSync(FIREWALL)) return
  const paths = await Promise.all(programs.map((program) => realpath(program).catch(() => program)))
  const asking = await programThatIsAskedFor(paths, ask)
  if (asking === null) return
  const { program, why } = asking
  const add = `sudo ${FIREWALL} --add '${program}' && sudo ${FIREWALL} --unblockapp '${program}'`
  throw new Loss(
    "firewall_asks",
    rank,
    `member ${rank} (${places[rank]?.host}): ${why}`,
    program === ""
      ? "An administrator of that Mac can change that in System Settings, Network, Firewall."
      : `An administrator of that Mac can let it: ${add}`,
  )
}

/** Of an engine, those that listen on the member's own address. */
export function listeningPrograms(
  { adapter, rank }: Pick<MemberContext, "adapter" | "rank">,
  { programs }: Pick<FoundEngine, "programs">,
): readonly string[] {
  return adapter.listeners(rank).flatMap((name) => programs[name] ?? [])
}

/**
 * The first program that the firewall would ask about, or not let be reached, and why; `null` where there is none. The words of its state are as Macs
 * print them (facts/status-lines.ts); those about a program, and codesign's, are to be confirmed on one (docs/real-mac-checklist.md).
 */
export async function programThatIsAskedFor(
  programs: readonly string[],
  ask: Ask,
): Promise<{ readonly program: string; readonly why: string } | null> {
  const state = /State = ([012])/.exec(await ask(FIREWALL, ["--getglobalstate"]))?.[1]
  if (state === "0") return null
  if (state === undefined) return { program: "", why: "the Mac's firewall does not say whether it is on" }
  if (state === "2" || /block all state set to enabled/i.test(await ask(FIREWALL, ["--getblockall"])))
    return { program: "", why: "the Mac's firewall blocks all that comes in" }
  const letsSigned = /downloaded signed software ENABLED/i.test(await ask(FIREWALL, ["--getallowsigned"]))
  for (const program of programs) {
    const said = await ask(FIREWALL, ["--getappblocked", program])
    if (/is permitted/i.test(said)) continue
    if (/is blocked/i.test(said)) return { program, why: `the Mac's firewall blocks ${program}` }
    if (letsSigned && (await isSignedByDeveloper(program, ask))) continue
    return {
      program,
      why: `the Mac's firewall is on, and macOS would ask on its screen whether ${program} may be reached`,
    }
  }
  return null
}

/** "Authority=Developer ID Application: NAME (TEAM)"; what compilers sign by themselves has "Signature=adhoc" and no authority. */
async function isSignedByDeveloper(program: string, ask: Ask): Promise<boolean> {
  return /^Authority=(Developer ID Application: |Software Signing$)/m.test(
    await ask(CODESIGN, ["-dv", "--verbose=2", program]),
  )
}

function ask(program: string, words: readonly string[]): Promise<string> {
  const options = { timeout: ANSWER_MS, env: { LC_ALL: "C", LANG: "C", TZ: "UTC" } }
  return new Promise((resolve) =>
    execFile(program, [...words], options, (_, stdout, stderr) => resolve(`${stdout}\n${stderr}`)),
  )
}
