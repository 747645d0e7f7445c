import { Agent, request } from "node:http"
import { json } from "node:stream/consumers"
import type { JobId } from "../src/protocol/ids.ts"
import type { JobSpec } from "../src/protocol/job.ts"
import type { Pool } from "../test/support/pool.ts"

/**
 * A client that submits one job after the other over one connection. It does as little as a client can: on a machine that
 * it shares with server and hosts, `fetch` alone would take a tenth of all processor time.
 */
export class Caller implements Disposable {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly #url: string
  readonly #headers: Readonly<Record<string, string | number>>
  readonly #body: Buffer

  constructor({ url, token }: Pick<Pool, "url" | "token">, spec: JobSpec) {
    this.#url = `${url}/v1/jobs`
    this.#body = Buffer.from(JSON.stringify({ spec }))
    this.#headers = {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "content-length": this.#body.length,
    }
  }

  /** Resolves with the job's number when the server has it. */
  async submit(): Promise<JobId> {
    const { promise, resolve, reject } = Promise.withResolvers<JobId>()
    const asked = request(this.#url, { method: "POST", agent: this.#agent, headers: this.#headers }, (answer) => {
      json(answer).then((job) => resolve((job as { id: JobId }).id), reject)
    })
    asked.on("error", reject).end(this.#body)
    return promise
  }

  [Symbol.dispose](): void {
    this.#agent.destroy()
  }
}
