import { WindfallError } from "../../protocol/errors.ts"

/** A file of a model without all of the weights that its header, or the model's index, names. */
export interface FileLack {
  readonly file: string
  /** Where it ends; `null`: it is not there at all. */
  readonly endsAtByte: number | null
  /** Up to where its header names tensors; `null` where it has no header that says. */
  readonly neededToByte: number | null
}

/** A file that cannot even be planned, as it ends in the middle of its header or of its weights. */
export class CutFile extends WindfallError {
  readonly lack: FileLack

  constructor(lack: FileLack) {
    const hint = "Fetch it again; a header alone, without any weights, can be planned, too"
    super("invalid_input", `Cannot read ${lack.file}: ${lackText(lack)}`, { hint })
    this.lack = lack
  }
}

/** What is wrong with the file, as the end of a sentence about it. */
export function lackText({ endsAtByte, neededToByte }: FileLack): string {
  if (endsAtByte === null) return "it is missing, and the index names it"
  if (neededToByte === null) return `the file ends at byte ${endsAtByte}, within its header`
  return `the file ends at byte ${endsAtByte}, its header names tensors up to byte ${neededToByte}`
}

/**
 * For whoever needs the weights themselves.
 * @param verb "pull" or "serve"
 * @throws {WindfallError} `invalid_input`
 */
export function requireWhole(lack: FileLack | null, verb: string, name: string): void {
  if (lack === null) return
  const file = lack.file === name ? "" : `${lack.file}: `
  throw new WindfallError("invalid_input", `Cannot ${verb} ${name}: ${file}${lackText(lack)}`, {
    hint: `Fetch ${lack.file} again, all of it; what a header alone says can be planned: windfall model plan`,
  })
}
