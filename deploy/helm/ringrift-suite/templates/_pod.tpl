{{/* What the pods of all processes have in common: the restricted profile of pod security, settings, secrets as files, folders. */}}

{{- define "ringrift.restricted-pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false # would put variables of Kubernetes' own among those that begin with RINGRIFT_
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "ringrift.restricted-container" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end -}}

{{/* Where a process's pods go, and from which registry they come. */}}
{{- define "ringrift.placed" -}}
imagePullSecrets: {{ toJson (index . 0).Values.image.pullSecrets }}
{{- with (index . 1).pod }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* A path for each secret: the variable with _FILE, which every process reads. */}}
{{- define "ringrift.secret-variables" -}}
{{- range $index, $key := .keys }}
{{- if $index }}{{ "\n" }}{{ end -}}
- { name: {{ $key }}_FILE, value: /etc/ringrift/secrets/{{ $key }} }
{{- end }}
{{- end -}}

{{- define "ringrift.mounts" -}}
{{- $root := index . 0 -}}
- { name: secrets, mountPath: /etc/ringrift/secrets, readOnly: true }
- { name: tmp, mountPath: /tmp }
{{- if $root.Values.certificates.existingSecret }}
- { name: certificates, mountPath: /etc/ringrift/certificates, readOnly: true }
{{- end }}
{{- end -}}

{{- define "ringrift.volumes" -}}
{{- $root := index . 0 -}}
{{- $secret := index . 1 -}}
- name: secrets
  secret:
    secretName: {{ $secret.name }}
    defaultMode: 0440
    items:
      {{- range $secret.keys }}
      - { key: {{ . }}, path: {{ . }} }
      {{- end }}
- { name: tmp, emptyDir: { sizeLimit: 1Gi } }
{{- with $root.Values.certificates.existingSecret }}
- { name: certificates, secret: { secretName: {{ . }}, defaultMode: 0440 } }
{{- end }}
{{- end -}}

{{- define "ringrift.probes" -}}
startupProbe: { httpGet: { path: /livez, port: http }, periodSeconds: 2, failureThreshold: 60 }
livenessProbe: { httpGet: { path: /livez, port: http }, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 }
readinessProbe: { httpGet: { path: /readyz, port: http }, periodSeconds: 10, timeoutSeconds: 10 }
# requests go elsewhere before the process ends
lifecycle: { preStop: { exec: { command: [sleep, "5"] } } }
{{- end -}}

{{- define "ringrift.spread" -}}
topologySpreadConstraints:
  {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "ringrift.selector" $ | nindent 8 }}
  {{- end }}
{{- end -}}
