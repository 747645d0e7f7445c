import { formatBytes } from "../../base/bytes.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { HostView } from "../../protocol/host.ts"
import type { LeaveStep } from "../../protocol/lending.ts"
import type { Cli } from "../cli.ts"
import { command } from "../command-line/command.ts"
import { flag } from "../command-line/option.ts"
import { readJsonLines } from "../event-stream.ts"
import { askYes } from "../prompt.ts"
import { StatusLine } from "../render/status-line.ts"
import { printable } from "../render/table.ts"
import { printJson } from "../say.ts"
import { findHost } from "./host-show.ts"

export const hostRm = command({
  name: "host rm",
  operands: "HOST",
  about:
    "Lets a host leave the pool. Jobs there are asked to end and go on elsewhere; then all of Windfall is removed on the host, the server's key line too, what went is listed, and a look at the end shows that nothing is left. A host that cannot be reached is cleaned at the next contact, and host ls shows it until then. Its owner needs no server for that: sh ~/.windfall/leave",
  minimum: 1,
  maximum: 1,
  options: {
    now: flag("end its jobs without asking them"),
    forget: flag("do not wait for it and clean nothing there: for a machine that is gone"),
    yes: flag("do not ask", { short: "y" }),
    json: flag("print the host as it was as JSON, with what went"),
  },
  examples: [["windfall host rm studio-3", "studio-3 goes back to its owner as it was"]],
  async run(cli, options, [name = ""]) {
    const host = await findHost(cli, name)
    if (options.forget && options.now) {
      throw new WindfallError("invalid_input", "Cannot both --forget a host and end its jobs --now: say one of them")
    }
    if (options.forget && host.link === "ready") {
      throw new WindfallError("wrong_state", `Cannot forget ${host.name}: it answers, and much of Windfall is on it`, {
        hint: `Have it cleaned and leave: windfall host rm ${host.name}`,
      })
    }
    const jobs = jobsText(host)
    if (jobs !== null && !options.yes && !cli.isInteractive) {
      throw new WindfallError("host_busy", `Cannot remove ${host.name}: ${jobs} there`, {
        hint: "With --yes they are asked to end and go on elsewhere; or first: windfall host drain, and wait",
      })
    }
    if (!options.yes && cli.isInteractive && !(await askYes(cli, question(host, jobs)))) {
      await cli.stderr.write("Nothing was changed.\n")
      return 2
    }
    const path = `/v1/hosts/${encodeURIComponent(host.id)}`
    if (options.forget || host.leaving?.phase === "left") {
      await cli.client.delete(path)
      if (options.json) await printJson(cli, { ...host, went: [] })
      else await cli.stdout.write(`${host.name} is forgotten\n`)
      return 0
    }
    const body = await cli.client.open("POST", `${path}/leave`, { body: { now: options.now }, changes: true })
    return follow(cli, host, readJsonLines<LeaveStep>(body), options.json)
  },
})

function jobsText({ jobs }: HostView): string | null {
  if (jobs.length === 0) return null
  return jobs.length === 1 ? `job ${jobs[0]} runs` : `jobs ${jobs.join(" ")} run`
}

function question({ name, address }: HostView, jobs: string | null): string {
  const first = jobs === null ? "" : `${jobs} there, and will be asked to end and go on elsewhere. `
  return `${first}Remove ${name} (${address})?`
}

async function follow(cli: Cli, host: HostView, steps: AsyncIterable<LeaveStep>, json: boolean): Promise<number> {
  const status = new StatusLine(cli.stderr, cli.clock)
  const went: { what: string; bytes: number }[] = []
  for await (const step of steps) {
    await status.clear()
    if (step.step === "ending" && step.jobs.length > 0)
      await status.show(`  waiting for jobs ${step.jobs.join(" ")} to end ...`)
    if (step.step === "cleaning") await status.show(`  removing Windfall from ${host.name} ...`)
    if (step.step === "went") {
      if (went.length === 0 && !json) await cli.stdout.write(`Gone from ${host.name}:\n`)
      went.push({ what: step.what, bytes: step.bytes })
      if (!json) await cli.stdout.write(`  ${size(step.bytes).padStart(7)}  ${printable(step.what)}\n`)
    }
    if (step.step !== "done" && step.step !== "waiting") continue
    if (json) await printJson(cli, { ...host, went, waitsFor: step.step === "waiting" ? step.reason : null })
    else if (step.step === "done") await cli.stdout.write(`${host.name} has left; nothing of Windfall is left there\n`)
    else await cli.stdout.write(waitingText(host, printable(step.reason)))
    return 0
  }
  throw new WindfallError("link_lost", `Cannot tell whether ${host.name} has left: the server's answer broke off`, {
    hint: "It goes on by itself. Look: windfall host ls",
  })
}

function size(bytes: number): string {
  return bytes === 0 ? "" : formatBytes(bytes)
}

function waitingText({ name }: HostView, reason: string): string {
  return `${name} is leaving and gets no more jobs, but cannot be cleaned now: ${reason}
It is cleaned at the next contact; host ls shows it until then. If it is gone for good: windfall host rm ${name} --forget
`
}
