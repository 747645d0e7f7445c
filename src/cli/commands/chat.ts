import { createInterface } from "node:readline"
import { unknownHint } from "../../hive/hub/near-model.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { MadeKey, UnknownModel } from "../../protocol/key-api.ts"
import type { ModelView } from "../../protocol/model-api.ts"
import { Conversation, chatAct } from "../chat/conversation.ts"
import { EndSignals } from "../chat/end-signals.ts"
import type { Cli } from "../cli.ts"
import { command } from "../command-line/command.ts"
import { notEmpty, value } from "../command-line/option.ts"
import { say, sayError } from "../say.ts"

/** A key that could not be removed, as this program was killed, is no use for longer. */
const KEY_MS = 86_400_000
const HELP = "Ctrl-C stops an answer, /clear begins anew, /exit or Ctrl-D ends."

export const chat = command({
  name: "chat",
  operands: "[MODEL]",
  about: `Talks to a model that is served. ${HELP} Where standard input is no terminal, each line of it is a question, and answers are printed as they are; one that is too long for the model is left out, and the exit code is 2.`,
  minimum: 0,
  maximum: 1,
  options: { system: value("TEXT", "what the model is told before all else", notEmpty, { short: "s" }) },
  examples: [
    ["windfall chat", "with the one model there is"],
    ["echo 'Why is the sky blue?' | windfall chat qwen3", "one question, one answer"],
  ],
  async run(cli, { system }, [named]) {
    const model = named ?? (await onlyModel(cli))
    using ends = new EndSignals()
    const made = await cli.client.post<MadeKey>("/v1/keys", {
      name: "chat",
      models: [model],
      expiresInMs: KEY_MS,
    })
    try {
      for (const unknown of made.unknownModels) throw unknownModel(unknown)
      const conversation = new Conversation(cli, { key: made.key, model, system: system ?? null })
      const exitCode = await (process.stdin.isTTY && cli.stdout.isTerminal
        ? talk(cli, model, conversation, ends.signal)
        : answerLines(cli, conversation, ends.signal))
      return ends.exitCode ?? exitCode
    } finally {
      await cli.client.delete(`/v1/keys/${encodeURIComponent(made.id)}`).catch(() => {})
    }
  },
})

async function onlyModel(cli: Cli): Promise<string> {
  const { models } = await cli.client.get<{ models: ModelView[] }>("/v1/hives")
  const served = models.filter(
    ({ state, options }) => options.purpose === "text" && state !== "stopped" && state !== "stopping",
  )
  const [only] = served
  if (only !== undefined && served.length === 1) return only.name
  if (only === undefined) {
    throw new WindfallError("model_not_found", "Cannot chat: no model that writes text is served", {
      hint: "Serve one: windfall model serve NAME FILE",
    })
  }
  throw new WindfallError("invalid_input", `Cannot choose a model: ${served.length} are served`, {
    hint: `Name one: ${served.map(({ name }) => `windfall chat ${name}`).join("   ")}`,
  })
}

function unknownModel({ name, near }: UnknownModel): WindfallError {
  return new WindfallError("model_not_found", `Cannot chat with "${name}": there is no such model`, {
    hint: unknownHint(name, near === null ? [] : [near], "See which there are: windfall model ls"),
  })
}

/**
 * Each line is a question. One that is too long for the model, with what was said before it, is said and left out: those that follow may be
 * short enough, or `/clear` may. Whatever else goes wrong would for them, too.
 * @param over ends it, also in the middle of an answer
 * @returns the exit code
 */
async function answerLines(cli: Cli, conversation: Conversation, over: AbortSignal): Promise<number> {
  let exitCode = 0
  const lines = createInterface({ input: process.stdin })
  over.addEventListener("abort", () => lines.close(), { once: true })
  for await (const line of lines) {
    if (over.aborted) break
    const typed = line.trim()
    if (typed === "") continue
    const act = chatAct(typed)
    if (act === "exit") break
    if (act === "clear") conversation.clear()
    else if (act === null) {
      try {
        await conversation.ask(typed, over)
      } catch (error) {
        if (!(error instanceof WindfallError && error.code === "too_large")) throw error
        await sayError(cli, error)
        exitCode = error.exitCode
      }
    }
  }
  return exitCode
}

/**
 * A prompt, with the history that arrow keys go through. Ctrl-D closes it: also while an answer comes, which comes whole then.
 * @param over ends it, also in the middle of an answer
 * @returns the exit code
 */
async function talk(cli: Cli, model: string, conversation: Conversation, over: AbortSignal): Promise<number> {
  await say(cli, `${model}. ${HELP}`)
  const lines = createInterface({ input: process.stdin, output: process.stdout, prompt: "> ", historySize: 200 })
  let answering: AbortController | null = null
  let isClosed = false
  lines.once("close", () => {
    isClosed = true
  })
  lines.on("SIGINT", () => {
    if (answering !== null) answering.abort()
    else {
      process.stdout.write("\n")
      // What was typed is dropped, as a shell does it.
      lines.write(null, { ctrl: true, name: "u" })
      lines.prompt()
    }
  })
  over.addEventListener("abort", () => lines.close(), { once: true })
  try {
    lines.prompt()
    for await (const line of lines) {
      if (over.aborted) break
      const typed = line.trim()
      answering = new AbortController()
      try {
        const act = chatAct(typed)
        if (act === "exit") return 0
        if (act === "help") await say(cli, HELP)
        else if (act === "clear") conversation.clear()
        else if (typed !== "") await conversation.ask(typed, AbortSignal.any([answering.signal, over]))
      } catch (error) {
        if (!(error instanceof WindfallError)) throw error
        await say(cli, error.hint === undefined ? error.message : `${error.message}. ${error.hint}`)
      }
      answering = null
      // What was typed ahead comes yet.
      if (!isClosed) lines.prompt()
    }
    return 0
  } finally {
    lines.close()
  }
}
