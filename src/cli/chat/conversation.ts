import { WindfallError } from "../../protocol/errors.ts"
import type { Cli } from "../cli.ts"
import { UNPRINTABLE } from "../render/table.ts"
import { say } from "../say.ts"
import { askModel, type ChatMessage } from "./ask-model.ts"

const DIM = "\x1b[2m"
const PLAIN = "\x1b[0m"
/** A first token that takes longer is said to be waited for. */
const PATIENCE_MS = 1_500

export interface ConversationOptions {
  readonly key: string
  readonly model: string
  readonly system: string | null
}

/** What was said so far, and what comes next. */
export class Conversation {
  readonly #cli: Cli
  readonly #options: ConversationOptions
  #messages: ChatMessage[] = []

  constructor(cli: Cli, options: ConversationOptions) {
    this.#cli = cli
    this.#options = options
    this.clear()
  }

  /** Forgets what was said. */
  clear(): void {
    const { system } = this.#options
    this.#messages = system === null ? [] : [{ role: "system", content: system }]
  }

  /**
   * Asks, and shows the answer as it comes. What was asked is forgotten where no answer came; of one that was stopped, what came counts.
   * @throws {WindfallError} what went wrong, where it was not stopped
   */
  async ask(content: string, signal: AbortSignal): Promise<void> {
    const { key, model } = this.#options
    const before = this.#messages
    this.#messages = [...before, { role: "user", content }]
    let answer = ""
    let isThinking = false
    const waiting = this.#sayWaiting(signal)
    try {
      for await (const { kind, text } of askModel(this.#cli.client, { key, model, messages: this.#messages, signal })) {
        waiting.abort()
        if (kind === "text") answer += text
        isThinking = await this.#show(text, kind === "thinking", isThinking)
      }
    } catch (error) {
      if (!signal.aborted) {
        this.#messages = before
        throw error
      }
    } finally {
      waiting.abort()
      const { stdout } = this.#cli
      if (isThinking && stdout.isTerminal) await stdout.write(this.#style(PLAIN))
      await stdout.write("\n")
    }
    this.#messages = answer === "" ? before : [...this.#messages, { role: "assistant", content: answer }]
  }

  /** @returns whether it is thinking now */
  async #show(text: string, isThought: boolean, wasThinking: boolean): Promise<boolean> {
    const { stdout } = this.#cli
    if (!stdout.isTerminal) {
      // Who reads it wants the answer.
      if (!isThought) await stdout.write(text)
      return false
    }
    const change = isThought === wasThinking ? "" : isThought ? this.#style(DIM) : `${this.#style(PLAIN)}\n`
    await stdout.write(`${change}${text.replaceAll(UNPRINTABLE, (found) => ("\n\t".includes(found) ? found : ""))}`)
    return isThought
  }

  #style(sequence: string): string {
    return this.#cli.settings.color ? sequence : ""
  }

  /** A model that was idle takes a while to start. */
  #sayWaiting(signal: AbortSignal): AbortController {
    const end = new AbortController()
    const either = AbortSignal.any([signal, end.signal])
    this.#cli.clock.sleep(PATIENCE_MS, { signal: either }).then(
      () => (either.aborted ? undefined : say(this.#cli, `${this.#options.model} has not begun to answer yet`)),
      () => {},
    )
    return end
  }
}

/** What is typed and is no question. */
export type ChatAct = "exit" | "clear" | "help" | null

/** @throws {WindfallError} for a word with a slash that means nothing */
export function chatAct(typed: string): ChatAct {
  if (!typed.startsWith("/")) return null
  const word = typed.slice(1).split(/\s/, 1)[0]?.toLowerCase()
  if (word === "exit" || word === "quit" || word === "bye" || word === "q") return "exit"
  if (word === "clear" || word === "new") return "clear"
  if (word === "help" || word === "?") return "help"
  throw new WindfallError("invalid_input", `Cannot do ${typed.slice(0, 40)}: there are /exit, /clear and /help`)
}
