"""What the collector ``posture`` looks at: each module judges one topic and touches nothing."""
