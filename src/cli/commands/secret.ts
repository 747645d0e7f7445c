import type { SecretView } from "../../protocol/api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { isReservedVariable, variableNameProblem } from "../../protocol/job-values.ts"
import type { Cli } from "../cli.ts"
import { command } from "../command-line/command.ts"
import { flag } from "../command-line/option.ts"
import { askSecret, readStdinText } from "../prompt.ts"
import { formatTime } from "../render/age.ts"
import { renderTable } from "../render/table.ts"
import { printJson, say } from "../say.ts"

const MAX_SECRET_BYTES = 64 * 1024
/** Shorter ones cannot be masked in output without hiding ordinary text. */
const MASKED_FROM_BYTES = 8

export const secretSet = command({
  name: "secret set",
  operands: "NAME",
  about:
    "Stores a secret, encrypted, for your jobs: they get it with --secret NAME as a variable of that name. The value is asked for without echo, or comes from standard input or a variable; never from the command line, where others could see it.",
  minimum: 1,
  // A value typed after the name is refused below, where it is not repeated.
  maximum: Number.POSITIVE_INFINITY,
  options: { fromEnv: flag("take the value of the variable of the same name here") },
  examples: [
    ["windfall secret set HF_TOKEN", "asks for the value"],
    ["windfall secret set HF_TOKEN < token.txt", "from a file; one newline at its end is dropped"],
  ],
  async run(cli, options, [name = "", ...more]) {
    if (more.length > 0 && options.fromEnv) {
      throw new WindfallError("invalid_input", "Cannot take a word beside the secret's name: --from-env has none", {
        hint: "It reads the variable of the secret's own name here: windfall secret set HF_TOKEN --from-env",
      })
    }
    if (more.length > 0 || name.includes("=")) {
      throw notTyped("Cannot take a secret's value from the command line: others could see it")
    }
    const problem = variableNameProblem(name)
    // What is no name at all may be the value.
    if (problem !== null && !isReservedVariable(name)) throw notTyped(`Cannot name a secret like this: ${problem}`)
    if (problem !== null) {
      throw new WindfallError("invalid_input", `Cannot name a secret ${name}: ${problem}`, {
        hint: "Jobs get it as a variable of its name: choose another one",
      })
    }
    const value = await secretValue(cli, name, options.fromEnv)
    await cli.client.put<SecretView>(`/v1/secrets/${name}`, { value })
    await cli.stdout.write(`${name} is stored. Jobs get it with: --secret ${name}\n`)
    if (Buffer.byteLength(value) < MASKED_FROM_BYTES) {
      await say(cli, `${name} has less than ${MASKED_FROM_BYTES} bytes: it cannot be masked in what a job prints`)
    }
    return 0
  },
})

function notTyped(message: string): WindfallError {
  return new WindfallError("invalid_input", message, {
    hint: "Type only the name; the value is asked for: windfall secret set HF_TOKEN",
  })
}

async function secretValue(cli: Cli, name: string, fromEnv: boolean): Promise<string> {
  let value: string
  if (fromEnv) {
    const here = cli.settings.environment[name]
    if (here === undefined) {
      throw new WindfallError("invalid_input", `Cannot take ${name} from here: it is not set`, {
        hint: `Export it before, or leave --from-env out to be asked: windfall secret set ${name}`,
      })
    }
    value = here
  } else if (cli.isInteractive) value = await askSecret(cli, `Value of ${name}: `)
  else value = (await readStdinText(MAX_SECRET_BYTES)).replace(/\r?\n$/, "")
  if (value === "")
    throw new WindfallError("invalid_input", `Cannot store ${name}: its value is empty`, {
      hint: `Type it when asked, or pipe it: windfall secret set ${name} < FILE. Remove it: windfall secret rm ${name}`,
    })
  if (value.includes("\0"))
    throw new WindfallError("invalid_input", `Cannot store ${name}: its value contains a NUL character`, {
      hint: "Jobs get it as a variable, which can have none: store it encoded, for instance with base64",
    })
  if (Buffer.byteLength(value) > MAX_SECRET_BYTES) {
    throw new WindfallError("too_large", `Cannot store ${name}: a secret may have ${MAX_SECRET_BYTES / 1024} KB`, {
      hint: "Store the key that opens it, and keep the rest in a file",
    })
  }
  return value
}

export const secretLs = command({
  name: "secret ls",
  operands: "",
  about: "Lists the names of your secrets. Their values never come back.",
  minimum: 0,
  maximum: 0,
  options: { json: flag("print the secrets' names as JSON, one a line") },
  examples: [],
  async run(cli, options) {
    const { secrets } = await cli.client.get<{ secrets: SecretView[] }>("/v1/secrets")
    if (options.json) for (const secret of secrets) await printJson(cli, secret)
    else if (secrets.length === 0) await cli.stdout.write("No secrets.\n")
    else {
      const rows = secrets.map((secret) => [secret.name, formatTime(secret.changedAt)])
      await cli.stdout.write(renderTable([{ title: "SECRET" }, { title: "CHANGED" }], rows))
    }
    return 0
  },
})

export const secretRm = command({
  name: "secret rm",
  operands: "NAME",
  about: "Removes a secret. Jobs that wait and name it will not start.",
  minimum: 1,
  maximum: 1,
  options: {},
  examples: [],
  async run(cli, _options, [name = ""]) {
    await cli.client.delete(`/v1/secrets/${encodeURIComponent(name)}`)
    await cli.stdout.write(`${name} is removed\n`)
    return 0
  },
})
