import type { HostView } from "../../protocol/host.ts"
import { standingOf } from "../../protocol/host-standing.ts"
import type { QueueView } from "../../protocol/queue.ts"
import type { Client } from "../client.ts"

/** Waiting jobs shown at most. */
const MOST_WAITING = 20

/** Hosts and queue at one moment. */
export interface TopLook {
  /** By this machine's clock. */
  readonly at: number
  readonly hosts: readonly HostView[]
  readonly queue: QueueView
}

/** Asks the server once. @throws whatever the client does */
export async function lookAtPool(client: Client, now: () => number, signal?: AbortSignal): Promise<TopLook> {
  const options = { patienceMs: 0, signal }
  const [{ hosts }, queue] = await Promise.all([
    client.get<{ hosts: HostView[] }>("/v1/hosts", options),
    client.get<QueueView>("/v1/queue", { ...options, query: { limit: MOST_WAITING } }),
  ])
  return { at: now(), hosts, queue }
}

/** What `top --json` prints. */
export function lookJson({ at, hosts, queue }: TopLook): object {
  return { at, hosts: hosts.map((host) => ({ ...host, standing: standingOf(host) })), queue }
}
