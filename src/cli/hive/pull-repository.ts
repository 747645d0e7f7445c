import type { Repository } from "../../hive/hub/repository.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { PullRequest, PullView } from "../../protocol/pull-api.ts"
import type { Cli } from "../cli.ts"
import { readEvents } from "../event-stream.ts"
import { pullLine } from "../render/pull-text.ts"
import { StatusLine } from "../render/status-line.ts"
import { say } from "../say.ts"
import { endpointOf } from "./own-hub.ts"

export interface PullWish {
  readonly name: string | null
  readonly shared: boolean | null
  readonly secret: string | null
  /** Along with what makes it see images. */
  readonly images: boolean
  /** Do not wait until it is here. */
  readonly detach: boolean
}

/** The speed of so long is shown. */
const SPEED_MS = 5_000

/**
 * Has the server fetch a model from a hub, and shows how it gets on. Whoever stops watching stops nothing.
 * @throws {WindfallError} as the server refuses, and with the reason when it fails
 */
export async function pullRepository(cli: Cli, repository: Repository, wish: PullWish): Promise<PullView> {
  const request: PullRequest = {
    repository: repository.name,
    revision: repository.revision,
    pick: repository.pick,
    name: wish.name,
    shared: wish.shared,
    hub: endpointOf(cli) ?? null,
    secret: wish.secret,
    images: wish.images,
  }
  const started = await cli.client.post<PullView>("/v1/pulls", request)
  if (wish.detach || started.state !== "pulling") return started
  await say(cli, `the server fetches ${started.name}; Ctrl-C stops only this watching`)
  const ended = await watch(cli, started)
  if (ended.state === "done") return ended
  const code = ended.state === "cancelled" ? "wrong_state" : "hub_unreachable"
  throw new WindfallError(code, ended.reason ?? `Cannot fetch ${started.repository}: it was stopped`)
}

async function watch(cli: Cli, started: PullView): Promise<PullView> {
  const status = new StatusLine(cli.stderr, cli.clock)
  const speed = new Speed()
  try {
    for (let last = started; ; ) {
      const body = await cli.client.open("GET", `/v1/pulls/${started.id}/events`)
      try {
        for await (const { data } of readEvents(body)) {
          last = JSON.parse(data) as PullView
          if (last.state !== "pulling") return last
          await status.show(pullLine(last, speed.after(cli.clock.monotonicMs(), last.fetchedBytes)))
        }
      } catch (error) {
        if (error instanceof SyntaxError) throw error
        // The server went away; it takes up what it was fetching when it is back.
      }
    }
  } finally {
    await status.clear()
  }
}

/** How fast it came in the last seconds. */
class Speed {
  #samples: { readonly atMs: number; readonly bytes: number }[] = []

  /** Bytes in a second; `null` as long as nobody can tell. */
  after(atMs: number, bytes: number): number | null {
    if (bytes < (this.#samples.at(-1)?.bytes ?? 0)) this.#samples = []
    this.#samples.push({ atMs, bytes })
    this.#samples = this.#samples.filter((one) => one.atMs >= atMs - SPEED_MS)
    const [first] = this.#samples
    if (first === undefined || atMs - first.atMs < 500) return null
    return ((bytes - first.bytes) * 1_000) / (atMs - first.atMs)
  }
}
