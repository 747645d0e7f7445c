import { WindfallError } from "../../protocol/errors.ts"
import { readDuration } from "../../protocol/job-values.ts"
import { KEY_LIFE_MS, type KeyView, keyNameProblem, type MadeKey } from "../../protocol/key-api.ts"
import { modelNameProblem } from "../../protocol/model-api.ts"
import { parseTokenLimit, tokenLimitWords } from "../../protocol/token-limit.ts"
import { command } from "../command-line/command.ts"
import { flag, listOf, notEmpty, value } from "../command-line/option.ts"
import { formatTime } from "../render/age.ts"
import { keyTable } from "../render/key-table.ts"
import { printJson, say } from "../say.ts"

export const keyCreate = command({
  name: "key create",
  operands: "NAME",
  about:
    "Makes a key for the models that are served and prints it, this once. Clients of OpenAI and Anthropic use it with this server's URL. NAME says which app it is for.",
  minimum: 1,
  maximum: 1,
  options: {
    models: listOf(
      "NAME",
      "only for these models, with commas between them, also for some that are to be served later (default: all)",
      readModels,
    ),
    expires: value("DURATION", "useless after this long, for instance 90d (default: never)", readExpiry, {
      also: ["expiry"],
    }),
    limit: value(
      "TOKENS/PERIOD",
      "at most so many tokens, for instance 1M/day, 200k/hour (default: none)",
      parseTokenLimit,
    ),
    user: value("NAME", "whose key; for somebody else it needs the admin role (default: yours)", notEmpty),
    json: flag("print the key as JSON"),
  },
  examples: [
    ["windfall key create editor", "a key for all models"],
    ["windfall key create notebook --models qwen3-30b --limit 1M/day --expires 90d", "one that is held short"],
  ],
  async run(cli, options, [name = ""]) {
    const problem = keyNameProblem(name)
    if (problem !== null)
      throw new WindfallError("invalid_input", `Cannot name a key ${JSON.stringify(name)}: ${problem}`)
    const models = [...new Set((options.models ?? []).flat())]
    const made = await cli.client.post<MadeKey>("/v1/keys", {
      name,
      user: options.user ?? null,
      models: models.length === 0 ? null : models,
      expiresInMs: options.expires ?? null,
      limit: options.limit ?? null,
    })
    if (options.json) await printJson(cli, made)
    else {
      await cli.stdout.write(`${made.key}\n`)
      const limit = made.limit === null ? "" : `, at most ${tokenLimitWords(made.limit)}`
      const end = made.expiresAt === null ? "never expires" : `expires ${formatTime(made.expiresAt)}`
      const { url } = cli.client
      await say(
        cli,
        `key ${made.id} of ${made.user} ${end}${limit}; it is not shown again. Base URL for OpenAI's clients: ${url}/v1   for Anthropic's: ${url}`,
      )
      for (const unknown of made.unknownModels ?? []) await say(cli, unknownText(made, unknown))
    }
    return 0
  },
})

/** The key is made: a model may be served later, and a name may be mistyped. */
function unknownText({ id }: MadeKey, { name, near }: MadeKey["unknownModels"][number]): string {
  const again =
    near === null ? "" : ` Did you mean "${near}"? Then make another key, and remove this one: windfall key rm ${id}`
  return `no model is called "${name}" yet: the key is for it once it is served.${again}`
}

/** A key for names that no model can have would open nothing, and one that names none must not open all. */
function readModels(text: string): readonly string[] {
  const names = text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "")
  if (names.length === 0) throw new SyntaxError("it names no model")
  for (const name of names) {
    const problem = modelNameProblem(name)
    if (problem !== null) throw new SyntaxError(`no model can be called ${JSON.stringify(name)}: ${problem}`)
  }
  return names
}

function readExpiry(text: string): number {
  return readDuration(text, KEY_LIFE_MS.minimum, KEY_LIFE_MS.maximum)
}

export const keyLs = command({
  name: "key ls",
  operands: "",
  about: "Lists keys for models by their ids: yours, and as admin everybody's.",
  minimum: 0,
  maximum: 0,
  options: { json: flag("print the keys as JSON, one a line") },
  examples: [],
  async run(cli, options) {
    const { keys } = await cli.client.get<{ keys: KeyView[] }>("/v1/keys")
    if (options.json) for (const key of keys) await printJson(cli, key)
    else await cli.stdout.write(keyTable(keys, cli.clock.now()))
    return 0
  },
})

export const keyRm = command({
  name: "key rm",
  operands: "ID",
  about: "Makes a key useless at once; answers under way with it end. Its id is in windfall key ls.",
  minimum: 1,
  maximum: 1,
  options: {},
  examples: [],
  async run(cli, _options, [id = ""]) {
    await cli.client.delete(`/v1/keys/${encodeURIComponent(id)}`)
    await cli.stdout.write(`key ${id} is removed\n`)
    return 0
  },
})
