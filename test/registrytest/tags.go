package registrytest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
)

// SetPageSize limits the tags in one page of a list; 1000 at first. Clients may ask for fewer.
func (r *Registry) SetPageSize(size int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pageSize = size
}

// serveTags pages the list of tags with Link headers, which go-containerregistry's registry does not
// (https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags).
func (r *Registry) serveTags(w http.ResponseWriter, req *http.Request, stored http.Handler) {
	r.mu.Lock()
	size := r.pageSize
	r.mu.Unlock()
	query := req.URL.Query()
	if asked, err := strconv.Atoi(query.Get("n")); err == nil && asked < size {
		size = asked
	}
	whole := req.Clone(req.Context())
	whole.URL.RawQuery = url.Values{"last": query["last"]}.Encode()
	recorded := httptest.NewRecorder()
	stored.ServeHTTP(recorded, whole)
	var list struct {
		Name string   `json:"name"`
		Tags []string `json:"tags"`
	}
	if recorded.Code != http.StatusOK || json.Unmarshal(recorded.Body.Bytes(), &list) != nil {
		stored.ServeHTTP(w, req)
		return
	}
	if len(list.Tags) > size {
		list.Tags = list.Tags[:size]
		next := url.Values{"n": {strconv.Itoa(size)}, "last": {list.Tags[size-1]}}
		w.Header().Set("Link", fmt.Sprintf(`<%s?%s>; rel="next"`, req.URL.Path, next.Encode()))
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(list) // a client that went away is its own affair
}
