// What this package knows of itself, made by `npm run generate`: bundles have no file beside them to read it from.

/** The version of this package, as package.json says. */
export const version: string = '0.1.0'

/** What the bridge asks of an interpreter (bridge-py/requirements.txt): the ranges that are known to work. */
export const bridgeRequirements: readonly string[] = ['grpcio>=1.62,<2', 'protobuf>=4.25', 'msgspec>=0.20']

/** The exact versions that a managed environment gets (bridge-py/requirements.lock): what the library is tested with. */
export const lockedRequirements: readonly string[] = [
  'grpcio==1.85.1',
  'msgspec==0.22.0',
  'protobuf==7.36.2',
  'typing_extensions==4.16.0',
]
