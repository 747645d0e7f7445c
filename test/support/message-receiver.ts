import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

/** A message as it came in. */
export interface ReceivedMessage {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** How it is answered; `null` leaves it hanging. */
export type MessageAnswer = { readonly status: number; readonly headers?: Record<string, string> } | null

/** Something that is told of jobs: a real HTTP server on loopback, which keeps what it got. */
export class MessageReceiver implements AsyncDisposable {
  readonly received: ReceivedMessage[] = []
  readonly #server: Server
  readonly #waiting = new Set<() => void>()
  answer: (message: ReceivedMessage) => MessageAnswer = () => ({ status: 200 })

  private constructor() {
    this.#server = createServer((request, response) => {
      let body = ""
      request.setEncoding("utf8")
      request.on("data", (text: string) => {
        body += text
      })
      request.on("end", () => this.#take({ path: request.url ?? "", headers: request.headers, body }, response))
    })
  }

  static async start(): Promise<MessageReceiver> {
    const receiver = new MessageReceiver()
    await new Promise<void>((resolve) => receiver.#server.listen(0, "127.0.0.1", resolve))
    return receiver
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** An address of it; `scheme` for instance "slack+http". */
  at(path: string, scheme = "http"): string {
    return `${scheme}://127.0.0.1:${this.port}${path}`
  }

  /** Resolves with the messages to a path as soon as there are so many. */
  async until(count: number, path?: string): Promise<ReceivedMessage[]> {
    for (;;) {
      const found = this.received.filter((message) => path === undefined || message.path === path)
      if (found.length >= count) return found
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }

  #take(message: ReceivedMessage, response: ServerResponse): void {
    this.received.push(message)
    const answer = this.answer(message)
    if (answer !== null) response.writeHead(answer.status, answer.headers).end("something private")
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }
}
