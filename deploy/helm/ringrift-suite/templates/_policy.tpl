{{/* Parts of NetworkPolicies. */}}

{{- define "ringrift.namespace-of" -}}
{{- if eq (index . 1) "agent" }}{{ include "ringrift.agents-namespace" (index . 0) }}{{ else }}{{ (index . 0).Release.Namespace }}{{ end -}}
{{- end -}}

{{/* A process's pods as a peer, in whichever namespace they are. */}}
{{- define "ringrift.peer" -}}
- podSelector:
    matchLabels: {{- include "ringrift.selector" . | nindent 6 }}
  namespaceSelector:
    matchLabels: { kubernetes.io/metadata.name: {{ include "ringrift.namespace-of" . }} }
{{- end -}}

{{- define "ringrift.policy-head" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "ringrift.name" . }}
  namespace: {{ include "ringrift.namespace-of" . }}
  labels: {{- include "ringrift.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels: {{- include "ringrift.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
{{- end -}}
