import type { AgentMessage } from "../protocol/agent-wire.ts"
import type { OutputFrame } from "../protocol/frames.ts"
import type { Outbox } from "./control-stream.ts"

/** The way to the server for those who do not care whether there is one: without a control stream what is sent is dropped. */
export class ServerLink implements Outbox {
  #stream: Outbox | undefined
  #drained: () => void = () => {}

  attach(stream: Outbox): void {
    this.#stream = stream
  }

  detach(): void {
    this.#stream = undefined
  }

  get attached(): boolean {
    return this.#stream !== undefined
  }

  get congested(): boolean {
    return this.#stream?.congested ?? true
  }

  send(message: AgentMessage): void {
    this.#stream?.send(message)
  }

  sendPatiently(message: AgentMessage): void {
    this.#stream?.sendPatiently(message)
  }

  sendOutput(output: OutputFrame): void {
    this.#stream?.sendOutput(output)
  }

  /** Who is to go on when there is room again. */
  set onDrain(drained: () => void) {
    this.#drained = drained
  }

  drained(): void {
    this.#drained()
  }
}
