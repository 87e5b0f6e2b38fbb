package index

// OpenSegments counts the segments that are open, over all loaded tenants.
func (m *Manager) OpenSegments() (total int) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for _, t := range m.tenants {
		if s := t.current.Load(); s != nil {
			total += s.stats.Segments
		}
	}
	return total
}
