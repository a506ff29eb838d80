"""What looks abnormal in a frame, ranked: each number beside a threshold whose source is named; draws nothing."""
