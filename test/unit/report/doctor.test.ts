import { expect, test } from 'vitest'
import type { Diagnosis } from '../../../src/doctor/check.ts'
import { renderDiagnosis } from '../../../src/report/doctor.ts'

const DIAGNOSIS: Diagnosis = {
  version: '1.2.3',
  platform: 'linux x64',
  runtimes: [
    { name: 'process', ready: true, found: 'Envoy 1.40.0, on PATH: /usr/bin/envoy' },
    { name: 'docker', ready: false, found: 'not ready: daemon' },
  ],
  machine: [
    { name: 'Node', status: 'ok', found: '24.21.0' },
    { name: 'cores', status: 'note', found: '1', meaning: 'they share one core', remedy: 'use another machine, or a lower rate' },
  ],
  docker: [
    {
      name: 'daemon',
      status: 'gap',
      found: 'no Docker daemon answers',
      detail: ['/var/run/docker.sock: there is no such \u001b[31msocket'],
      meaning: 'scenarios with `image` cannot run',
      remedy: 'install and start Docker; or name a daemon with DOCKER_HOST, which is read before anything else',
    },
  ],
}

test('a gap has what it means and what to do below it, within the width', () => {
  expect(renderDiagnosis(DIAGNOSIS, { color: false, width: 72 })).toBe(
    [
      'chaos 1.2.3 on linux x64',
      '',
      'RUNTIMES',
      '  ✓ process  Envoy 1.40.0, on PATH: /usr/bin/envoy',
      '  ✗ docker   not ready: daemon',
      '',
      'THIS MACHINE',
      '  ✓ Node   24.21.0',
      '  – cores  1',
      '           they share one core',
      '           → use another machine, or a lower rate',
      '',
      'DOCKER',
      '  ✗ daemon  no Docker daemon answers',
      '              /var/run/docker.sock: there is no such socket',
      '            scenarios with `image` cannot run',
      '            → install and start Docker;',
      '              or name a daemon with DOCKER_HOST, which is read before',
      '              anything else',
      '',
      'Scenarios can be run as processes; those with `image` or `build` need Docker.',
    ].join('\n'),
  )
})

test('what several gaps have in common is said once', () => {
  const gap = { status: 'gap', meaning: 'no run', remedy: 'build them' } as const
  const docker = [
    { name: 'image a', found: 'none', ...gap },
    { name: 'image b', found: 'none', ...gap },
    { name: 'image c', found: 'none', ...gap, remedy: 'correct it' },
  ]
  expect(renderDiagnosis({ ...DIAGNOSIS, docker }, { color: false, width: 80 })).toContain(
    [
      'DOCKER',
      '  ✗ image a  none',
      '  ✗ image b  none',
      '             no run',
      '             → build them',
      '  ✗ image c  none',
      '             no run',
      '             → correct it',
    ].join('\n'),
  )
})

test.each([
  [true, true, 'Scenarios can be run as processes and with Docker.'],
  [false, true, 'Scenarios can be run with Docker only.'],
  [false, false, 'No scenario can be run on this machine as it is.'],
])('process %j and docker %j: %s', (process, docker, conclusion) => {
  const runtimes = [
    { name: 'process', ready: process, found: '' },
    { name: 'docker', ready: docker, found: '' },
  ] as const
  expect(
    renderDiagnosis({ ...DIAGNOSIS, runtimes }, { color: false, width: 100 })
      .split('\n')
      .at(-1),
  ).toBe(conclusion)
})
