export interface ModelRow {
  readonly name: string
  readonly form: "laptop" | "desktop"
  readonly chip: string
}

/** Identifier, name, chip; laptops. Facts from Apple's pages "Identify your Mac ..." as the MacAdmins SOFA feed lists them. */
const LAPTOPS: readonly (readonly [string, string, string])[] = [
  ["MacBookAir10,1", "MacBook Air (M1, 2020)", "Apple M1"],
  ["MacBookPro17,1", "MacBook Pro (13-inch, M1, 2020)", "Apple M1"],
  ["MacBookPro18,1", "MacBook Pro (16-inch, 2021)", "Apple M1 Pro"],
  ["MacBookPro18,2", "MacBook Pro (16-inch, 2021)", "Apple M1 Max"],
  ["MacBookPro18,3", "MacBook Pro (14-inch, 2021)", "Apple M1 Pro"],
  ["MacBookPro18,4", "MacBook Pro (14-inch, 2021)", "Apple M1 Max"],
  ["Mac14,2", "MacBook Air (M2, 2022)", "Apple M2"],
  ["Mac14,15", "MacBook Air (15-inch, M2, 2023)", "Apple M2"],
  ["Mac14,7", "MacBook Pro (13-inch, M2, 2022)", "Apple M2"],
  ["Mac14,9", "MacBook Pro (14-inch, M2 Pro, 2023)", "Apple M2 Pro"],
  ["Mac14,10", "MacBook Pro (16-inch, M2 Pro, 2023)", "Apple M2 Pro"],
  ["Mac14,5", "MacBook Pro (14-inch, M2 Max, 2023)", "Apple M2 Max"],
  ["Mac14,6", "MacBook Pro (16-inch, M2 Max, 2023)", "Apple M2 Max"],
  ["Mac15,3", "MacBook Pro (14-inch, M3, Nov 2023)", "Apple M3"],
  ["Mac15,12", "MacBook Air (13-inch, M3, 2024)", "Apple M3"],
  ["Mac15,13", "MacBook Air (15-inch, M3, 2024)", "Apple M3"],
  ["Mac15,6", "MacBook Pro (14-inch, M3 Pro, Nov 2023)", "Apple M3 Pro"],
  ["Mac15,7", "MacBook Pro (16-inch, M3 Pro, Nov 2023)", "Apple M3 Pro"],
  ["Mac15,8", "MacBook Pro (14-inch, 16-core M3 Max, Nov 2023)", "Apple M3 Max"],
  ["Mac15,9", "MacBook Pro (16-inch, 16-core M3 Max, Nov 2023)", "Apple M3 Max"],
  ["Mac15,10", "MacBook Pro (14-inch, 14-core M3 Max, Nov 2023)", "Apple M3 Max"],
  ["Mac15,11", "MacBook Pro (16-inch, 14-core M3 Max, Nov 2023)", "Apple M3 Max"],
  ["Mac16,1", "MacBook Pro (14-inch, M4, Nov 2024)", "Apple M4"],
  ["Mac16,12", "MacBook Air (13-inch, M4, 2025)", "Apple M4"],
  ["Mac16,13", "MacBook Air (15-inch, M4, 2025)", "Apple M4"],
  ["Mac16,8", "MacBook Pro (14-inch, M4 Pro, Nov 2024)", "Apple M4 Pro"],
  ["Mac16,7", "MacBook Pro (16-inch, M4 Pro, Nov 2024)", "Apple M4 Pro"],
  ["Mac16,6", "MacBook Pro (14-inch, M4 Max, Nov 2024)", "Apple M4 Max"],
  ["Mac16,5", "MacBook Pro (16-inch, M4 Max, Nov 2024)", "Apple M4 Max"],
  ["Mac17,2", "MacBook Pro (14-inch, M5)", "Apple M5"],
  ["Mac17,3", "MacBook Air (13-inch, M5)", "Apple M5"],
  ["Mac17,4", "MacBook Air (15-inch, M5)", "Apple M5"],
  ["Mac17,5", "MacBook Neo", "Apple A18 Pro"],
  ["Mac17,6", "MacBook Pro (16-inch, M5 Max)", "Apple M5 Max"],
  ["Mac17,7", "MacBook Pro (14-inch, M5 Max)", "Apple M5 Max"],
  ["Mac17,8", "MacBook Pro (16-inch, M5 Pro)", "Apple M5 Pro"],
  ["Mac17,9", "MacBook Pro (14-inch, M5 Pro)", "Apple M5 Pro"],
]

const DESKTOPS: readonly (readonly [string, string, string])[] = [
  ["Macmini9,1", "Mac mini (M1, 2020)", "Apple M1"],
  ["iMac21,1", "iMac (24-inch, M1, 2021, four ports)", "Apple M1"],
  ["iMac21,2", "iMac (24-inch, M1, 2021, two ports)", "Apple M1"],
  ["Mac13,1", "Mac Studio (M1 Max, 2022)", "Apple M1 Max"],
  ["Mac13,2", "Mac Studio (M1 Ultra, 2022)", "Apple M1 Ultra"],
  ["Mac14,3", "Mac mini (M2, 2023)", "Apple M2"],
  ["Mac14,12", "Mac mini (M2 Pro, 2023)", "Apple M2 Pro"],
  ["Mac14,13", "Mac Studio (M2 Max, 2023)", "Apple M2 Max"],
  ["Mac14,14", "Mac Studio (M2 Ultra, 2023)", "Apple M2 Ultra"],
  ["Mac14,8", "Mac Pro (2023)", "Apple M2 Ultra"],
  ["Mac15,4", "iMac (24-inch, M3, 2023, two ports)", "Apple M3"],
  ["Mac15,5", "iMac (24-inch, M3, 2023, four ports)", "Apple M3"],
  ["Mac15,14", "Mac Studio (M3 Ultra, 2025)", "Apple M3 Ultra"],
  ["Mac16,2", "iMac (24-inch, M4, 2024, two ports)", "Apple M4"],
  ["Mac16,3", "iMac (24-inch, M4, 2024, four ports)", "Apple M4"],
  ["Mac16,10", "Mac mini (M4, 2024)", "Apple M4"],
  ["Mac16,11", "Mac mini (M4 Pro, 2024)", "Apple M4 Pro"],
  ["Mac16,9", "Mac Studio (M4 Max, 2025)", "Apple M4 Max"],
]

/** Macs with Apple silicon, by `hw.model`. */
export const MODELS: ReadonlyMap<string, ModelRow> = new Map<string, ModelRow>([
  ...LAPTOPS.map(([id, name, chip]) => [id, { name, form: "laptop", chip }] as const),
  ...DESKTOPS.map(([id, name, chip]) => [id, { name, form: "desktop", chip }] as const),
])

const IDENTIFIER = /^(VirtualMac|MacBookAir|MacBookPro|MacBook|Macmini|MacPro|iMacPro|iMac|Mac)([1-9]\d?),([1-9]\d?)$/
/** The first number of each family that has Apple silicon; families that are not here never had it. */
const FIRST_SILICON: Readonly<Record<string, number>> = {
  Mac: 13,
  MacBookAir: 10,
  MacBookPro: 17,
  Macmini: 9,
  iMac: 21,
  VirtualMac: 1,
}

/** What a model's identifier alone tells; `null` when it is none. */
export function readIdentifier(text: string): { architecture: "apple_silicon" | "intel"; isVirtual: boolean } | null {
  const match = IDENTIFIER.exec(text)
  if (match === null) return null
  const [, family = "", number] = match
  const first = FIRST_SILICON[family]
  return {
    architecture: first !== undefined && Number(number) >= first ? "apple_silicon" : "intel",
    isVirtual: family === "VirtualMac",
  }
}
