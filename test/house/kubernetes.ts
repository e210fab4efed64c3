/** An object of these fields and no other; a field whose name ends in `!` must be there. */
const object = (fields: Readonly<Record<string, object>>): object => ({
  type: 'object',
  properties: Object.fromEntries(Object.entries(fields).map(([name, schema]) => [name.replace('!', ''), schema])),
  required: Object.keys(fields).flatMap((name) => (name.endsWith('!') ? [name.slice(0, -1)] : [])),
  additionalProperties: false,
})
const list = (items: object): object => ({ type: 'array', items, minItems: 1 })
const text = { type: 'string', minLength: 1 }
const name = { type: 'string', pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', maxLength: 52 }
const count = { type: 'integer', minimum: 0 }
const yes = { type: 'boolean' }
const quantity = { type: 'string', pattern: '^[0-9]+(m|Ki|Mi|Gi)?$' }

const container = object({
  'name!': name,
  'image!': text,
  command: list(text),
  args: list(text),
  env: list(object({ 'name!': { type: 'string', pattern: '^[A-Z_]+$' }, 'value!': { type: 'string' } })),
  resources: object({ requests: object({ cpu: quantity, memory: quantity }), limits: object({ cpu: quantity, memory: quantity }) }),
  securityContext: object({
    allowPrivilegeEscalation: { const: false },
    readOnlyRootFilesystem: { const: true },
    capabilities: object({ 'drop!': { const: ['ALL'] } }),
  }),
  volumeMounts: list(object({ 'name!': name, 'mountPath!': { type: 'string', pattern: '^/' }, readOnly: yes })),
})

const pod = object({
  'restartPolicy!': { const: 'Never' },
  terminationGracePeriodSeconds: count,
  automountServiceAccountToken: yes,
  securityContext: object({
    'runAsNonRoot!': { const: true },
    runAsUser: { type: 'integer', minimum: 1 },
    runAsGroup: count,
    fsGroup: count,
    seccompProfile: object({ 'type!': { const: 'RuntimeDefault' } }),
  }),
  'containers!': list(container),
  volumes: list(
    object({
      'name!': name,
      configMap: object({ 'name!': name }),
      secret: object({ 'secretName!': name, defaultMode: { type: 'integer', minimum: 0, maximum: 0o777 } }),
      persistentVolumeClaim: object({ 'claimName!': name }),
      emptyDir: object({ medium: { enum: ['Memory'] }, sizeLimit: quantity }),
    }),
  ),
})

const rule = {
  ...object({
    'action!': { enum: ['FailJob', 'FailIndex', 'Ignore', 'Count'] },
    onExitCodes: object({
      containerName: name,
      'operator!': { enum: ['In', 'NotIn'] },
      // of 0 the API server says that it is no failure
      'values!': { type: 'array', items: { type: 'integer', minimum: 1, maximum: 255 }, minItems: 1, maxItems: 255, uniqueItems: true },
    }),
    onPodConditions: list(object({ 'type!': text, status: { enum: ['True', 'False', 'Unknown'] } })),
  }),
  // one of them, never both
  oneOf: [{ required: ['onExitCodes'] }, { required: ['onPodConditions'] }],
}

const job = {
  ...object({
    completionMode: { enum: ['Indexed', 'NonIndexed'] },
    completions: count,
    parallelism: count,
    backoffLimit: count,
    backoffLimitPerIndex: count,
    maxFailedIndexes: count,
    activeDeadlineSeconds: { type: 'integer', minimum: 1 },
    ttlSecondsAfterFinished: count,
    podFailurePolicy: object({ 'rules!': { ...list(rule), maxItems: 20 } }),
    'template!': object({ 'spec!': pod }),
  }),
  // backoffLimitPerIndex and FailIndex are for Indexed Jobs only
  dependentRequired: { backoffLimitPerIndex: ['completions', 'completionMode'] },
}

/** What of batch/v1's CronJob the manifests use, as Kubernetes' API reference (1.33) and its validation have it. */
export const cronJob = object({
  'apiVersion!': { const: 'batch/v1' },
  'kind!': { const: 'CronJob' },
  'metadata!': object({ 'name!': name, namespace: name }),
  'spec!': object({
    'schedule!': { type: 'string', pattern: '^(\\S+ ){4}\\S+$' },
    timeZone: text,
    concurrencyPolicy: { enum: ['Allow', 'Forbid', 'Replace'] },
    startingDeadlineSeconds: count,
    'jobTemplate!': object({ 'spec!': job }),
  }),
})
