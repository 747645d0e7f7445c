/** Cores of each kind, the fastest first. */
export interface CoreLayout {
  readonly counts: readonly number[]
  /** What macOS calls the kinds; `null` where that is not settled. */
  readonly names: readonly string[] | null
}

export interface ChipRow {
  readonly layouts: readonly CoreLayout[]
  /** The numbers of GPU cores it is sold with, and the memory bandwidth that goes with each. */
  readonly bins: readonly { readonly gpuCores: number; readonly bandwidthGbPerS: number }[]
  readonly mostMemoryGib: number
  readonly gpuGhz: number
  /** What `IOName` and the kernel's version call it: T6000. */
  readonly socs: readonly string[]
}

/**
 * Apple's chips with what no command prints: name, cores, GPU cores with GB/s, most memory in GiB, GHz of the GPU, names of
 * the SoC. Cores, memory and bandwidth are from Apple's technical specifications of the models; clocks are what powermetrics
 * shows (philipturner/metal-benchmarks, SiliconScope); SoC names from the Asahi Linux wiki. A kernel may have the name of the
 * smaller sibling.
 */
const ROWS: readonly (readonly [string, string, string, number, number, string])[] = [
  ["Apple M1", "4P+4E", "7:68 8:68", 16, 1.278, "T8103"],
  ["Apple M1 Pro", "6P+2E 8P+2E", "14:200 16:200", 32, 1.296, "T6000"],
  ["Apple M1 Max", "8P+2E", "24:400 32:400", 64, 1.296, "T6000 T6001"],
  ["Apple M1 Ultra", "16P+4E", "48:800 64:800", 128, 1.296, "T6000 T6001 T6002"],
  ["Apple M2", "4P+4E", "8:100 10:100", 24, 1.398, "T8112"],
  ["Apple M2 Pro", "6P+4E 8P+4E", "16:200 19:200", 32, 1.398, "T6020"],
  ["Apple M2 Max", "8P+4E", "30:400 38:400", 96, 1.398, "T6020 T6021"],
  ["Apple M2 Ultra", "16P+8E", "60:800 76:800", 192, 1.398, "T6020 T6021 T6022"],
  ["Apple M3", "4P+4E", "8:100 10:100", 24, 1.38, "T8122"],
  ["Apple M3 Pro", "5P+6E 6P+6E", "14:150 18:150", 36, 1.38, "T6030"],
  ["Apple M3 Max", "10P+4E 12P+4E", "30:300 40:400", 128, 1.38, "T6031 T6034"],
  ["Apple M3 Ultra", "20P+8E 24P+8E", "60:819 80:819", 512, 1.38, "T6031 T6032 T6034"],
  ["Apple M4", "3P+6E 4P+4E 4P+6E", "8:120 10:120", 32, 1.578, "T8132"],
  ["Apple M4 Pro", "8P+4E 10P+4E", "16:273 20:273", 64, 1.578, "T6040 T6041"],
  ["Apple M4 Max", "10P+4E 12P+4E", "32:410 40:546", 128, 1.578, "T6040 T6041"],
  ["Apple M5", "4?+6?", "8:153 10:153", 32, 1.62, "T8142"],
  ["Apple M5 Pro", "5S+10P 6S+12P", "16:307 20:307", 64, 1.62, "T6050"],
  ["Apple M5 Max", "6S+12P", "32:460 40:614", 128, 1.62, "T6050"],
]

const NAMES: Readonly<Record<string, string>> = { P: "Performance", E: "Efficiency", S: "Super" }

export const CHIPS: ReadonlyMap<string, ChipRow> = new Map(
  ROWS.map(([name, layouts, bins, mostMemoryGib, gpuGhz, socs]) => [
    name,
    {
      layouts: layouts.split(" ").map(layoutOf),
      bins: bins.split(" ").map((bin) => {
        const [gpuCores = 0, bandwidthGbPerS = 0] = bin.split(":").map(Number)
        return { gpuCores, bandwidthGbPerS }
      }),
      mostMemoryGib,
      gpuGhz,
      socs: socs.split(" "),
    },
  ]),
)

function layoutOf(text: string): CoreLayout {
  const kinds = text.split("+")
  const names = kinds.map((kind) => NAMES[kind.slice(-1)])
  return {
    counts: kinds.map((kind) => Number(kind.slice(0, -1))),
    names: names.every((name) => name !== undefined) ? (names as string[]) : null,
  }
}

/**
 * FP32 speed in TFLOPS: cores x 128 lanes x 2 operations x GHz (philipturner/metal-benchmarks), rounded to two places.
 */
export function fp32Tflops(chip: ChipRow, gpuCores: number): number {
  return Math.round((gpuCores * 128 * 2 * chip.gpuGhz) / 10) / 100
}

/** The chips whose kernel has this name, for people: "M4 Pro or M4 Max". `null` for one that is not known. */
export function chipsOfSoc(soc: string): string | null {
  const chips = [...CHIPS].filter(([, row]) => row.socs.includes(soc)).map(([name]) => name.replace("Apple ", ""))
  return chips.length === 0 ? null : chips.join(" or ")
}

/**
 * `hw.cpufamily` of each generation (xnu, osfmk/mach/machine.h: CPUFAMILY_ARM_FIRESTORM_ICESTORM and its followers). It tells
 * a damaged chip name; families that are not here tell nothing.
 */
export const GENERATION_OF_CPU_FAMILY: ReadonlyMap<number, string> = new Map([
  [0x1b588bb3, "M1"],
  [0xda33d83d, "M2"],
  [0xfa33415e, "M3"],
  [0x5f4dea93, "M3"],
  [0x72015832, "M3"],
  [0x6f5129ac, "M4"],
  [0x17d5b93a, "M4"],
])
