// Package webhook is the door for the API server: it turns an AdmissionReview into a gate.Request, and the decision into a
// response. A decodable review is always answered with HTTP 200; the code lives in response.status: 403 denied, 422 the
// user's bad object, 400 a request that Fluxgate was not made for, 500 undecided. It writes nothing to the cluster.
package webhook
