{{/* Names, labels, and the settings of a process. Each takes a list: the root, and the process's name. */}}

{{- define "ringrift.fullname" -}}
{{- .Values.fullnameOverride | default .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "ringrift.name" -}}
{{- printf "%s-%s" (include "ringrift.fullname" (index . 0)) (index . 1) -}}
{{- end -}}

{{- define "ringrift.selector" -}}
app.kubernetes.io/name: ringrift-suite
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "ringrift.labels" -}}
{{ include "ringrift.selector" . }}
app.kubernetes.io/version: {{ (index . 0).Chart.AppVersion | quote }}
helm.sh/chart: {{ (index . 0).Chart.Name }}-{{ (index . 0).Chart.Version }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
{{- end -}}

{{- define "ringrift.image" -}}
{{- with index . 0 -}}{{ .Values.image.repository }}{{- end -}}-{{ index . 1 }}:{{- with index . 0 -}}{{ .Values.image.tag | default .Chart.AppVersion }}{{- end -}}
{{- end -}}

{{- define "ringrift.agents-namespace" -}}
{{- .Values.agents.namespace | default .Release.Namespace -}}
{{- end -}}

{{/* Whether artifacts are in a bucket, as text. */}}
{{- define "ringrift.in-bucket" -}}
{{- if hasPrefix "s3://" (index .Values.settings "RINGRIFT_ARTIFACTS_URL" | default "") }}true{{ end -}}
{{- end -}}

{{/* The name of the claim of the shared folder; empty for none. */}}
{{- define "ringrift.claim" -}}
{{- if .Values.storage.existingClaim -}}
{{ .Values.storage.existingClaim }}
{{- else if not (include "ringrift.in-bucket" .) -}}
{{ include "ringrift.name" (list . "data") }}
{{- end -}}
{{- end -}}

{{/* All settings of a process: what follows from the chart, then those of everybody, then its own. */}}
{{- define "ringrift.settings" -}}
{{- $root := index . 0 -}}
{{- $process := index . 1 -}}
{{- $host := printf "%s.svc" $root.Release.Namespace -}}
{{- $settings := dict -}}
{{- range $name, $port := dict "promotion" 8770 "gauntlet" 8771 "distribution" 8772 -}}
{{- $_ := set $settings (printf "RINGRIFT_%s_URL" (upper $name)) (printf "http://%s.%s:%v" (include "ringrift.name" (list $root $name)) $host $port) -}}
{{- end -}}
{{- if ne $process "worker" -}}
{{- $_ := set $settings "RINGRIFT_HOST" "0.0.0.0" -}}
{{- end -}}
{{- if eq $process "worker" -}}
{{- $_ := set $settings "RINGRIFT_WORKER_CACHE_DIR" "/scratch/models" -}}
{{- else if eq $process "agent" -}}
{{- $_ := set $settings "RINGRIFT_AGENT_DIR" "/data" -}}
{{- else -}}
{{- $_ := set $settings "RINGRIFT_ARTIFACTS_DIR" "/data/artifacts" -}}
{{- $_ := set $settings "RINGRIFT_MODELS_DIR" "/data/models" -}}
{{- $_ := set $settings "RINGRIFT_UPLOADS_DIR" "/scratch/uploads" -}}
{{- $_ := set $settings "RINGRIFT_ARTIFACTS_CACHE_DIR" "/scratch/artifacts" -}}
{{- end -}}
{{- $values := index $root.Values (get (dict "worker" "workers" "agent" "agents") $process | default $process) -}}
{{- toYaml (mergeOverwrite $settings $root.Values.settings $values.settings) -}}
{{- end -}}
