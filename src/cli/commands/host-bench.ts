import { parseDuration } from "../../base/duration.ts"
import { BENCH_LIMITS, LEAST_BENCH_MS, MOST_BENCH_MS } from "../../protocol/bench-talk.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { SERVER_END } from "../../protocol/network.ts"
import type { BenchRequest, BenchStep } from "../../protocol/network-api.ts"
import type { Cli } from "../cli.ts"
import { command } from "../command-line/command.ts"
import { flag, value } from "../command-line/option.ts"
import { readJsonLines } from "../event-stream.ts"
import { mbpsText, roundTripText } from "../render/network-text.ts"
import { progressText } from "../render/progress.ts"
import { StatusLine } from "../render/status-line.ts"
import { printJson, say } from "../say.ts"
import { listHosts } from "./host-ls.ts"

export const hostBench = command({
  name: "host bench",
  operands: "[HOST [HOST]]",
  about:
    "Measures throughput both ways and the round trip: between two hosts, between the server and a host, or between the server and each host that answers. One transfer at a time, each for at most 3 s or 1 GB. Between hosts over a connection of their own with a one-time key, as data goes; with the server over the link, as folders go. What was found is kept and counts from then on where jobs with much to move are placed. Needs the admin role, as it fills the network and takes a core of an owner's Mac for some seconds.",
  minimum: 0,
  maximum: 2,
  options: {
    time: value("DURATION", "each way at most so long, 1s to 10s (default: 3s)", readTime),
    json: flag("print each measurement as JSON, one a line"),
  },
  examples: [
    ["windfall host bench studio-1 studio-2", "between two hosts"],
    ["windfall host bench studio-1", "between the server and one"],
  ],
  async run(cli, options, [one, other]) {
    const pairs: [string, string][] =
      one === undefined
        ? (await listHosts(cli)).flatMap(({ name, link }) => (link === "ready" ? [[SERVER_END, name]] : []))
        : [[other === undefined ? SERVER_END : one, other ?? one]]
    if (pairs.length === 0) {
      throw new WindfallError("host_unreachable", "Cannot measure: no host answers", {
        hint: "See them: windfall host ls",
      })
    }
    let failed = 0
    for (const [between, and] of pairs) {
      try {
        await measure(cli, { between, and, durationMs: options.time ?? null }, options.json)
      } catch (error) {
        if (pairs.length === 1 || !(error instanceof WindfallError)) throw error
        failed++
        await say(cli, error.message)
      }
    }
    return failed === 0 ? 0 : 2
  },
})

async function measure(cli: Cli, request: BenchRequest, json: boolean): Promise<void> {
  const status = new StatusLine(cli.stderr, cli.clock)
  const body = await cli.client.open("POST", "/v1/bench", { body: request, changes: true })
  try {
    for await (const step of readJsonLines<BenchStep>(body)) {
      if (step.step === "done") return
      if (step.step === "failed") throw WindfallError.fromBody({ error: step.error })
      if (step.step === "waiting") await status.show("  another measurement comes first ...")
      else if (step.step === "progress")
        await status.show(`  ${barText(step, request.durationMs ?? BENCH_LIMITS.durationMs)}`)
      else {
        await status.clear()
        const { measure, from, to } = step
        if (json) await printJson(cli, { ...measure, from, to })
        else {
          await cli.stdout.write(
            `${from} -> ${to}  ${mbpsText(measure.mbps)}  round trip ${roundTripText(measure.roundTripMs)}\n`,
          )
        }
      }
    }
  } finally {
    await status.clear()
  }
  throw new WindfallError("link_lost", "Cannot measure: the server's answer broke off")
}

function readTime(text: string): number {
  const ms = parseDuration(text)
  if (ms < LEAST_BENCH_MS) {
    throw new SyntaxError(
      `"${text}" is too short to measure a link, which takes some tenths of a second to come up to speed: 1s at least`,
    )
  }
  if (ms <= MOST_BENCH_MS) return ms
  throw new SyntaxError(`"${text}" is too long: 10s at most`)
}

/** The bar is of time or of bytes, whichever comes to its end first. */
function barText({ from, to, bytes, durationMs }: Extract<BenchStep, { step: "progress" }>, limitMs: number): string {
  const part = Math.max(durationMs / limitMs, bytes / BENCH_LIMITS.bytes)
  return progressText(`${from} -> ${to}`, bytes, part === 0 ? BENCH_LIMITS.bytes : Math.round(bytes / part), durationMs)
}
