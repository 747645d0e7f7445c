import { brokenModel } from "./byte-source.ts"

/** Where a tensor lies in the weights of a file, in bytes. */
export interface TensorPlace {
  readonly tensor: string
  readonly begin: number
  readonly end: number
}

/** Each tensor has bytes of its own. @throws {WindfallError} `invalid_input` */
export function checkApart(name: string, places: readonly TensorPlace[]): void {
  let before: TensorPlace | undefined
  for (const place of places.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (before !== undefined && place.begin < before.end)
      throw brokenModel(
        name,
        `its header is damaged: tensors ${before.tensor} and ${place.tensor} lie in the same bytes`,
        "Fetch it again",
      )
    before = place
  }
}
