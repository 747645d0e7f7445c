import { execFile, execFileSync, spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { maySleepDisplay } from "../../presence/display.ts"
import type { Scene } from "../../presence/obstacle.ts"
import { LAST_DAYS_FILE } from "../../presence/owner-folder.ts"
import type { OwnersRefusal } from "../../presence/why.ts"
import type { HostFacts } from "../../protocol/host.ts"
import type { HostTerms } from "../../protocol/owner.ts"
import type { AgentContext } from "../agent-context.ts"
import { closedHere } from "./closed-here.ts"
import type { OwnerTold } from "./lever-talk.ts"
import { macView } from "./mac-view.ts"
import { NowFile } from "./now-file.ts"
import { OwnerDesk } from "./owner-desk.ts"
import { OwnerFolder } from "./owner-folder.ts"
import { hostPresence } from "./owner-news.ts"
import type { OwnerProbe } from "./owner-probe.ts"
import { OwnerWatch } from "./owner-watch.ts"
import { CANNOT_YIELD, taskpolicy } from "./put-behind.ts"
import { Said } from "./said.ts"

const execute = promisify(execFile)
const COMMAND_MS = 5_000
const ENV = { LC_ALL: "C", PATH: "/usr/bin:/bin:/usr/sbin:/sbin" }

/** What an agent has to do with its host's owner. */
export interface OwnerPlace {
  /** Where commands and devices of the system lie: "" but in tests. */
  readonly root: string
  /** The owner's folder. */
  readonly folder: string
}

/** All that an agent does for the people at its host. */
export interface HostOwner {
  /** To be called once, when attempts of earlier agents are known. */
  begin(): void
  take(told: OwnerTold): void
  ready(): void
  /** What keeps jobs from starting now, in words; `null` when they may. */
  refusal(): OwnersRefusal | null
  /** The same for an attempt that is being made ready, from a look at memory as it is now. Never throws. */
  admit(leaseBytes: number): Promise<OwnersRefusal | null>
  /** Whether the display may be put to sleep for a GPU job now. */
  mayDarken(): boolean
  changed(): void
  woke(): void
  /** The text of `Last 30 days.txt`: the server knows what was lent, and says it. */
  lastDays(text: string): void
  /** Windfall is being taken off this host. */
  leaves(): void
  /** This process ends. */
  end(): void
}

/** @param place `null` where nobody is looked for and no folder is kept (Linux) */
export function openOwner(
  context: AgentContext,
  facts: HostFacts,
  probe: OwnerProbe | null,
  place: OwnerPlace | null,
): HostOwner {
  const { folder, clock, attempts, link, platform } = context
  const timeZone = facts.timeZone ?? "UTC"
  const now = () => ({ wallMs: clock.now(), sleepCountingMs: clock.sleepCountingMs() })
  const said = new Said({ path: folder.owner, ballast: folder.ballast }, { now, bootId: platform.bootId })
  const names = new Map<number, string>([[process.getuid?.() ?? -1, facts.user]])
  const ownerFolder =
    place === null
      ? null
      : new OwnerFolder(place.folder, folder.root, () => uidOf(place, said.terms?.consoleAccount ?? null))
  const closed = ({ policy }: Scene) => closedHere(policy, said.terms, facts.memoryBytes, link.attached)
  const nowFile =
    ownerFolder === null
      ? null
      : new NowFile({
          folder: ownerFolder,
          host: () => said.terms?.host ?? facts.hostname,
          attempts: () => attempts.values(),
          closed,
        })
  const watch = new OwnerWatch({
    context,
    said,
    probe,
    setYielding: place === null ? CANNOT_YIELD : taskpolicy(place.root),
    jobsAccount: facts.user,
    memoryBytes: facts.memoryBytes,
    timeZone,
    onStep: (scene, obstacles) => {
      if (isLent(said.terms)) nowFile?.keep(scene, obstacles)
    },
  })
  const desk =
    place === null || ownerFolder === null || nowFile === null
      ? null
      : new OwnerDesk({
          said,
          folder: ownerFolder,
          now: () => clock.now(),
          timeZone,
          jobsAccount: facts.user,
          nameOf: (uid) => nameOf(place, names, uid),
          consoleUser: () => watch.consoleUser,
          onMoved: (saidAgoMs) => watch.moved(saidAgoMs),
          leave: () => runLeave(join(folder.root, "leave")),
          status: () => {
            const { scene, obstacles } = watch
            const presence = hostPresence(scene.now, watch.watch, obstacles, timeZone, probe !== null)
            const mac = macView({
              said,
              scene,
              presence,
              attempts: attempts.values(),
              hostname: facts.hostname,
              closed: closed(scene),
            })
            return { presence, mac, text: nowFile.text(scene, obstacles).trimEnd() }
          },
          onProblem: (message) => link.send({ type: "notice", message }),
        })
  const openDesk = () => {
    if (isLent(said.terms)) desk?.open()
  }
  return {
    begin() {
      openDesk()
      watch.begin()
    },
    take(told) {
      watch.take(told)
      openDesk()
    },
    ready: () => watch.ready(),
    refusal: () => watch.refusal(),
    admit: (leaseBytes) => watch.admit(leaseBytes),
    mayDarken: () => maySleepDisplay(watch.scene),
    changed: () => watch.changed(),
    woke: () => watch.woke(),
    lastDays: (text) => ownerFolder?.write(LAST_DAYS_FILE, text),
    leaves() {
      desk?.close()
      const problem = ownerFolder?.remove() ?? null
      if (problem !== null) link.send({ type: "notice", message: `Of the owner's folder ${problem}` })
    },
    end() {
      desk?.close()
      if (desk !== null && isLent(said.terms) && !existsSync(folder.leaving)) nowFile?.leave(watch.scene)
      watch.end()
    },
  }
}

/** Whether it is somebody's, or may be: the throwaway host of `windfall try` is nobody's, and leaves nothing outside of its folder. */
function isLent(terms: HostTerms | null): boolean {
  return terms !== null && (terms.fleet.preset !== "nobodys" || terms.owner !== null || terms.consoleAccount !== null)
}

async function nameOf({ root }: OwnerPlace, names: Map<number, string>, uid: number): Promise<string | undefined> {
  const before = names.get(uid)
  if (before !== undefined) return before
  try {
    const { stdout } = await execute(`${root}/usr/bin/id`, ["-un", String(uid)], { timeout: COMMAND_MS, env: ENV })
    const name = stdout.trim()
    if (!/^[\w.-]{1,64}$/.test(name)) return undefined
    names.set(uid, name)
    return name
  } catch {
    return undefined
  }
}

function uidOf({ root }: OwnerPlace, account: string | null): number | null {
  if (account === null || !/^[\w.-]{1,64}$/.test(account)) return null
  try {
    const text = execFileSync(`${root}/usr/bin/id`, ["-u", account], {
      timeout: COMMAND_MS,
      env: ENV,
      encoding: "utf8",
    })
    return /^\d+$/.test(text.trim()) ? Number(text.trim()) : null
  } catch {
    return null
  }
}

/** The script of ssh/leave.sh asks jobs to end, ends this agent, and removes all. @throws when it is not there */
function runLeave(path: string): void {
  if (!existsSync(path)) throw new Error(`Cannot remove Windfall: ${path} is not there`)
  spawn("/bin/sh", [path, "--yes"], { detached: true, stdio: "ignore", cwd: "/" }).unref()
}
